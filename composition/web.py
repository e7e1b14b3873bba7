"""HTTP: health, metrics, Slack over HTTP and Agora's notifications."""

from __future__ import annotations

from agora import notifications
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
    """What receives Agora's notifications; None where they have no secret."""
    secret = revealed(config.agora_webhook_secret)
    if not secret:
        return None
    return Webhook(
        lambda body, v1, v2: notifications.signature_fits(secret, body, v1, v2),
        lambda body: notifications.read(body, clock.now()),
        repositories.notifications.keep,
        dispatcher.wake,
        meter,
        clock,
    )


def overview_of(
    repositories: Repositories,
    leadership: Leadership,
    socket: SocketConnection | None,
    pacing: RequestPacing,
    clock: Clock,
    query_interval: float,
) -> Overview:
    """What `/metrics` shows of the rows and the queues. Raises `StorageUnavailable`."""
    now = clock.now()
    due_at = next((moment for _, moment in repositories.recordings.due(1)), now)
    waiting, raised_at = repositories.alerts.depth()
    unprocessed, received_at = repositories.notifications.depth()
    return Overview(
        recordings=repositories.recordings.count_by_state(),
        oldest_due=max(0.0, (now - due_at).total_seconds()),
        outbox=waiting,
        outbox_age=(now - (raised_at or now)).total_seconds(),
        leading=leadership.epoch() is not None,
        connected=socket is None or socket.connected,
        query_interval=query_interval,
        agora_queue=pacing.queued,
        agora_allowed=pacing.qps,
        notices_waiting=unprocessed,
        notices_age=(now - (received_at or now)).total_seconds(),
    )
