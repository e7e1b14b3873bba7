"""Builds Agora's webhook, and reads what `/metrics` shows as gauges."""

from __future__ import annotations

from agora.notifications import SignedNotifications
from agora.pacing import RequestPacing
from composition.agora import revealed
from engine.dispatcher import Dispatcher
from engine.leadership import Leadership
from handlers.socket_mode import SocketConnection
from recordings.ports import Clock, Meter
from recordings.repositories import Repositories
from settings import Settings
from web.metrics import Overview
from web.webhook import Webhook


def webhook_of(
    config: Settings, repositories: Repositories, dispatcher: Dispatcher, clock: Clock, meter: Meter
) -> Webhook | None:
    """The receiver of Agora's notifications; None without AGORA_WEBHOOK_SECRET."""
    secret = revealed(config.agora_webhook_secret)
    if not secret:
        return None
    source = SignedNotifications(secret, clock)
    return Webhook(source, repositories.notifications, dispatcher.wake, meter, clock)


def overview_of(
    repositories: Repositories,
    leadership: Leadership,
    socket: SocketConnection | None,
    pacing: RequestPacing,
    clock: Clock,
    query_interval: float,
) -> Overview:
    """The gauges at this moment. Raises `StorageUnavailable`."""
    now = clock.now()
    due_at = next((moment for _, moment in repositories.recordings.due(1)), now)
    alerts, raised_at = repositories.alerts.depth()
    notifications, received_at = repositories.notifications.depth()
    return Overview(
        recordings=repositories.recordings.count_by_state(),
        oldest_due=max(0.0, (now - due_at).total_seconds()),
        outbox=alerts,
        outbox_age=(now - (raised_at or now)).total_seconds(),
        leading=leadership.epoch() is not None,
        connected=socket is None or socket.connected,
        query_interval=query_interval,
        agora_queue=pacing.queued,
        agora_allowed=pacing.qps,
        notices_waiting=notifications,
        notices_age=(now - (received_at or now)).total_seconds(),
    )
