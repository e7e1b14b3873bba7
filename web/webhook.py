"""`/agora/webhook`: keeps each of Agora's notifications and answers at once.

Agora sends again, up to three times, what is not answered with 200 and JSON within 10 s. Doc pages:
shared/notification-center-service/ (enable-notification-center-service, signature-verification).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from flask import Request, Response, jsonify

from recordings.errors import MalformedNotification, StorageUnavailable, WrongSignature
from recordings.model.notifications import Ignored, Notification
from recordings.ports import Clock, Meter, NotificationSource, Wake
from recordings.repositories import NotificationRepository
from web.allowance import TokenBucket

MAX_NOTIFICATION_BYTES = 64 * 1024
"""The longest notifications are lists of files, a few thousand bytes."""
_RATE, _BURST = 300, 1500
"""Requests a second, and at once."""
_SECONDS_BETWEEN_TRIES = 1.0
_SECONDS_BETWEEN_WARNINGS = 60.0
_OTHER = "other"
"""The metric's label where the event is not known."""
_log = structlog.get_logger(__name__)


class CircuitBreaker:
    """Keeps notifications while the database answers. While it does not, one request a second tries: each try can take
    seconds, and with many at once the server would have no thread left for anything else."""

    def __init__(self, keep: Callable[[Notification], bool], clock: Clock) -> None:
        self._keep = keep
        self._clock = clock
        self._guard = threading.Lock()
        self._try_at: float | None = None

    def __call__(self, notification: Notification) -> bool:
        with self._guard:
            if self._try_at is not None:
                self._wait_or_try(self._try_at)
        try:
            new = self._keep(notification)
        except StorageUnavailable:
            self._try_at = self._clock.monotonic() + _SECONDS_BETWEEN_TRIES
            raise
        self._try_at = None
        return new

    def _wait_or_try(self, at: float) -> None:
        now = self._clock.monotonic()
        if now < at:
            raise StorageUnavailable("away a moment ago")
        self._try_at = now + _SECONDS_BETWEEN_TRIES


class Webhook:
    """Answers one request: first the rate limit, then the signature of the raw body, then what it says."""

    def __init__(
        self,
        source: NotificationSource,
        notifications: NotificationRepository,
        wake: Wake,
        meter: Meter,
        clock: Clock,
    ) -> None:
        self._source = source
        self._keep = CircuitBreaker(notifications.keep, clock)
        self._wake = wake
        self._meter = meter
        self._clock = clock
        self._limit = TokenBucket(_RATE, _BURST, clock.monotonic)
        self._warned_at: dict[str, float] = {}

    def __call__(self, request: Request) -> Response:
        if (request.content_length or 0) > MAX_NOTIFICATION_BYTES:
            return self._refuse(413, "refused", "too long")
        if not self._limit.take():
            response = self._refuse(429, "limited", "too many at once")
            response.headers["Retry-After"] = "1"
            return response
        try:
            notification = self._source.read(request.headers, request.get_data(cache=False))
        except WrongSignature as error:
            return self._refuse(401, "refused", str(error))
        except MalformedNotification as error:
            return self._refuse(400, "malformed", str(error))
        if isinstance(notification, Ignored):
            _log.debug("notification_ignored", why=notification.why)
            self._meter.notification(_OTHER, "ignored")
            return jsonify({})
        return self._accept(notification)

    def _accept(self, notification: Notification) -> Response:
        event = str(int(notification.event))
        try:
            new = self._keep(notification)
        except StorageUnavailable as error:
            return self._refuse(503, "unavailable", str(error), event)
        self._meter.notification(event, "kept" if new else "repeated")
        if new:
            _log.debug("notification_kept", notification_event=event, sid=notification.sid)
            self._wake()
        return jsonify({})

    def _refuse(self, status: int, outcome: str, why: str, event: str = _OTHER) -> Response:
        self._meter.notification(event, outcome)
        now = self._clock.monotonic()
        # Anybody can send here: the metric counts every request, the log has one line a minute for each outcome.
        if now >= self._warned_at.get(outcome, float("-inf")) + _SECONDS_BETWEEN_WARNINGS:
            self._warned_at[outcome] = now
            _log.warning("notification_rejected", outcome=outcome, status=status, why=why)
        response = jsonify({})
        response.status_code = status
        return response
