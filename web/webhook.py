"""`/agora/webhook`: Agora's notifications, written down and answered at once.

Agora sends again, three times, what is not answered with 200 and JSON within 10 s. Doc pages:
shared/notification-center-service/ (enable-notification-center-service, signature-verification).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import structlog
from flask import Request, Response, jsonify

from rate_limits import CircuitBreaker, TokenBucket
from recordings.errors import StorageUnavailable
from recordings.model.notifications import Notification
from recordings.ports import Clock, Meter, Wake

LONGEST_NOTICE = 64 * 1024
"""Bytes. The longest are lists of files, a few thousand."""
_RATE, _BURST = 300, 1500
"""Requests: a second on average, and at once."""
_SECONDS_BETWEEN_TRIES = 1.0
_SECONDS_BETWEEN_WARNINGS = 60.0
_OTHER = "other"
_log = structlog.get_logger(__name__)


class Ignored(Protocol):
    """A notification that is of no use."""

    @property
    def why(self) -> str: ...


Verify = Callable[[bytes, str | None, str | None], bool]
"""Whether a body is Agora's, by the headers `Agora-Signature` and `Agora-Signature-V2`."""

Read = Callable[[bytes], Notification | Ignored]
"""What a body says. Raises a ValueError, whose text holds nothing of the body, where it can't be read."""

Keep = Callable[[Notification], bool]
"""Writes a notice down, once; whether it was new. Raises `StorageUnavailable`."""


class Webhook:
    """Answers one request. Nothing but the raw body and the signature counts, whatever the other headers say."""

    def __init__(
        self,
        verify: Verify,
        read: Read,
        keep: Keep,
        wake: Wake,
        meter: Meter,
        clock: Clock,
    ) -> None:
        self._verify = verify
        self._read = read
        self._keep = keep
        self._breaker = CircuitBreaker(_SECONDS_BETWEEN_TRIES, clock)
        self._wake = wake
        self._meter = meter
        self._clock = clock
        self._rate_limit = TokenBucket(_RATE, _BURST, clock)
        self._warned_at: dict[str, float] = {}

    def __call__(self, request: Request) -> Response:
        if (request.content_length or 0) > LONGEST_NOTICE:
            return self._no(413, "refused", "too long")
        if not self._rate_limit.try_acquire():
            answer = self._no(429, "limited", "too many at once")
            answer.headers["Retry-After"] = "1"
            return answer
        body = request.get_data(cache=False)
        signatures = request.headers.get("Agora-Signature"), request.headers.get("Agora-Signature-V2")
        if not self._verify(body, *signatures):
            return self._no(401, "refused", "the signature does not fit")
        return self._take(body)

    def _take(self, body: bytes) -> Response:
        try:
            found = self._read(body)
        except ValueError as error:
            return self._no(400, "malformed", str(error))
        if not isinstance(found, Notification):
            _log.debug("notice_ignored", why=found.why)
            self._meter.notification(_OTHER, "ignored")
            return jsonify({})
        event = str(int(found.event))
        try:
            new = self._save(found)
        except StorageUnavailable as error:
            return self._no(503, "unavailable", str(error), event)
        self._meter.notification(event, "kept" if new else "repeated")
        if new:
            _log.debug("notice_kept", notice_event=event, sid=found.sid)
            self._wake()
        return jsonify({})

    def _save(self, notification: Notification) -> bool:
        """Whether it was new. While the database is unavailable, one request a second tries it."""
        if not self._breaker.try_acquire():
            raise StorageUnavailable("away a moment ago")
        try:
            new = self._keep(notification)
        except StorageUnavailable:
            self._breaker.record_failure()
            raise
        self._breaker.record_success()
        return new

    def _no(self, status: int, outcome: str, why: str, event: str = _OTHER) -> Response:
        self._meter.notification(event, outcome)
        now = self._clock.monotonic()
        # Anybody can send here: the counter counts each, the log says it now and then.
        if now >= self._warned_at.get(outcome, float("-inf")) + _SECONDS_BETWEEN_WARNINGS:
            self._warned_at[outcome] = now
            _log.warning("notice_not_taken", outcome=outcome, status=status, why=why)
        answer = jsonify({})
        answer.status_code = status
        return answer
