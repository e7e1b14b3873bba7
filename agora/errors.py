"""Which error an answer of Agora is. The rules are those of the doc page cloud-recording/rest-api/status-codes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agora.answers import JsonObject, json_object, plain_text, whole_number
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
)

REASON_LENGTH = 300
"""Characters of Agora's own words that are kept."""

# A made-up secret of one letter would be found in every word.
_SHORTEST_SECRET = 4

_FOREIGN = "an answer that is not Agora's"

_BY_OPERATION: Mapping[tuple[str, int, int | None], type[AgoraError]] = {
    ("acquire", 400, 405): AccountInactive,
    ("acquire", 400, 406): Overloaded,
    ("start", 201, 7): AlreadyStarted,
    ("start", 400, 53): TaskConflict,
    ("start", 500, 502): NoWorker,
    ("stop", 206, 435): NothingRecorded,
    ("stop", 400, 49): Leaving,
}

# The recording calls and the channel calls word it differently.
_APP_ID_REFUSED = ("invalid appid", "appid is invalid")


def error_for(
    operation: str,
    http_status: int,
    body: bytes,
    headers: Mapping[str, str],
    *,
    hide: Iterable[str] = (),
    now: datetime | None = None,
) -> AgoraError:
    """The error that this answer to `operation` is; only for answers other than 200.

    `hide` lists secrets that the request carried: an answer that repeats one must not take it into a log or to Slack.
    `now` is what a Retry-After date is measured against.
    """
    answer = json_object(body)
    code = whole_number(answer.get("code")) if answer else None
    reason = _reason(answer, http_status, hide)
    kind = _BY_OPERATION.get((operation, http_status, code)) or _kind(http_status, code, reason)
    if kind is AlreadyStarted:
        sid = plain_text((answer or {}).get("sid")) or None
        return AlreadyStarted(reason, sid=sid, http_status=http_status, code=code)
    retry_after = _retry_after(headers, now or datetime.now(UTC))
    return kind(reason, http_status=http_status, code=code, retry_after=retry_after)


def not_agoras(http_status: int) -> NotRouted:
    """A success that does not say what Agora documents: a page of something in between. Nothing is known."""
    return NotRouted(_FOREIGN, http_status=http_status)


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


def _reason(answer: JsonObject | None, http_status: int, hide: Iterable[str]) -> str:
    # A body that is no JSON is never quoted: some proxies show the whole request on their error pages.
    if answer is None:
        return f"HTTP {http_status}: {_FOREIGN}"
    said = answer.get("reason") or answer.get("message")
    if not isinstance(said, str):
        return f"HTTP {http_status} without a reason"
    for secret in hide:
        if len(secret) >= _SHORTEST_SECRET:
            said = said.replace(secret, "***")
    return "".join(character for character in said if character.isprintable())[:REASON_LENGTH]


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    given = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    if given is None:
        return None
    try:
        seconds = float(given)
    except ValueError:
        return _seconds_until(given, now)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _seconds_until(http_date: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)
