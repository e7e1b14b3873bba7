"""Maps a failed response to an exception, by the rules of the doc page cloud-recording/rest-api/status-codes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agora.responses import JsonObject, json_object, plain_text, whole_number
from recordings.errors import (
    AccountInactive,
    AgoraError,
    AlreadyStarted,
    Leaving,
    NotFound,
    NothingRecorded,
    NotRouted,
    NoWorker,
    Overloaded,
    RateLimited,
    Rejected,
    ServerFault,
    TaskConflict,
    Unauthorized,
    Unfinished,
    Unreadable,
)

REASON_LENGTH = 300
"""Agora's explanation is cut after this many characters."""

# Redacting a one-letter secret would garble every word.
_SHORTEST_SECRET = 4

_NOT_AGORAS = "an answer that is not Agora's"

_BY_OPERATION: Mapping[tuple[str, int, int | None], type[AgoraError]] = {
    ("acquire", 400, 405): AccountInactive,
    ("acquire", 400, 406): Overloaded,
    ("start", 201, 7): AlreadyStarted,
    ("start", 400, 53): TaskConflict,
    ("start", 500, 502): NoWorker,
    ("stop", 206, 435): NothingRecorded,
    ("stop", 400, 49): Leaving,
}

# The first is from the recording API, the second from the channel API.
_APP_ID_REFUSED = ("invalid appid", "appid is invalid")


def error_for(
    operation: str,
    http_status: int,
    body: bytes,
    headers: Mapping[str, str],
    *,
    redact: Iterable[str] = (),
    now: datetime | None = None,
) -> AgoraError:
    """The exception for a response to `operation` whose status is not 200.

    `redact`: secrets that the request carried; a response may repeat them, and the reason reaches the log and Slack.
    `now`: the time that a Retry-After date is relative to.
    """
    fields = json_object(body)
    code = whole_number(fields.get("code")) if fields else None
    reason = _reason(fields, redact)
    kind = _BY_OPERATION.get((operation, http_status, code)) or _kind(http_status, code, reason)
    if kind is AlreadyStarted:
        sid = plain_text((fields or {}).get("sid")) or None
        return AlreadyStarted(reason, sid=sid, http_status=http_status, code=code)
    retry_after = _retry_after(headers, now or datetime.now(UTC))
    return kind(reason, http_status=http_status, code=code, retry_after=retry_after)


def unrecognized_response(http_status: int, explanation: str = _NOT_AGORAS) -> Unreadable:
    """For a 2xx without the documented body, perhaps a proxy's page: it says nothing about the recording."""
    return Unreadable(explanation, http_status=http_status)


def _kind(http_status: int, code: int | None, reason: str) -> type[AgoraError]:
    if http_status in (201, 206, 408):
        return Unfinished
    if http_status == 404:
        return NotFound if code == 404 else NotRouted
    if http_status == 429:
        return RateLimited
    if http_status >= 500:
        return Unfinished if code == 62 else ServerFault
    if http_status >= 400:
        return Unauthorized if _is_credential(http_status, reason) else Rejected
    return NotRouted


def _is_credential(http_status: int, reason: str) -> bool:
    words = reason.lower().replace("_", " ")
    return http_status == 401 or (http_status == 400 and any(phrase in words for phrase in _APP_ID_REFUSED))


def _reason(fields: JsonObject | None, redact: Iterable[str]) -> str:
    # Never quote a body that is not JSON: some proxies print the whole request on their error pages.
    if fields is None:
        return _NOT_AGORAS
    explanation = fields.get("reason") or fields.get("message")
    if not isinstance(explanation, str):
        return "no reason given"
    for secret in redact:
        if len(secret) >= _SHORTEST_SECRET:
            explanation = explanation.replace(secret, "***")
    return "".join(character for character in explanation if character.isprintable())[:REASON_LENGTH]


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    header = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        return _seconds_until(header, now)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _seconds_until(http_date: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)
