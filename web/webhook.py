"""`/agora/webhook`: keeps each of Agora's notifications and answers at once.

Agora sends again, up to three times, what is not answered with 200 and JSON within 10 s. Doc pages:
shared/notification-center-service/ (enable-notification-center-service, signature-verification).
"""

from __future__ import annotations

import structlog
from flask import Request, Response, jsonify

from rate_limits import CircuitBreaker, TokenBucket
from recordings.errors import MalformedNotification, StorageUnavailable, WrongSignature
from recordings.model.notifications import Ignored, Notification
from recordings.ports import Clock, Meter, NotificationSource, Wake
from recordings.repositories import NotificationRepository

MAX_NOTIFICATION_BYTES = 64 * 1024
"""The longest notifications are lists of files, a few thousand bytes."""
_RATE, _BURST = 300, 1500
"""Requests a second, and at once."""
_SECONDS_BETWEEN_TRIES = 1.0
_SECONDS_BETWEEN_WARNINGS = 60.0
_OTHER = "other"
"""The metric's label where the event is not known."""
_log = structlog.get_logger(__name__)


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
        self._notifications = notifications
        self._circuit = CircuitBreaker(_SECONDS_BETWEEN_TRIES, clock)
        self._wake = wake
        self._meter = meter
        self._clock = clock
        self._rate_limit = TokenBucket(_RATE, _BURST, clock)
        self._warned_at: dict[str, float] = {}

    def __call__(self, request: Request) -> Response:
        if (request.content_length or 0) > MAX_NOTIFICATION_BYTES:
            return self._refuse(413, "refused", "too long")
        if not self._rate_limit.try_acquire():
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
            new = self._save(notification)
        except StorageUnavailable as error:
            return self._refuse(503, "unavailable", str(error), event)
        self._meter.notification(event, "kept" if new else "repeated")
        if new:
            _log.debug("notification_kept", notification_event=event, sid=notification.sid)
            self._wake()
        return jsonify({})

    def _save(self, notification: Notification) -> bool:
        """Whether it was new. While the database is unavailable, one request a second tries it."""
        if not self._circuit.try_acquire():
            raise StorageUnavailable("away a moment ago")
        try:
            new = self._notifications.keep(notification)
        except StorageUnavailable:
            self._circuit.record_failure()
            raise
        self._circuit.record_success()
        return new

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
