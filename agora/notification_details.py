"""Parses the `details` of a notification. Agora may change them, so an unreadable field is left out, never an error.

Doc page: shared/notification-center-service/event-types/cloud-recording.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypedDict

from agora.responses import JsonObject, files_of, plain_text, whole_number
from recordings.model.notifications import NotificationEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000
"""The beginnings of the years 2000 and 2100, in ms since 1970."""
_MAX_NAME_LENGTH, _MAX_EXPLANATION_LENGTH = 1024, 500
_MAX_UID = 2**32 - 1
_MAX_CODE = 2**31 - 1
_CODES: dict[NotificationEvent, tuple[str, int]] = {
    NotificationEvent.ERROR: ("errorCode", _MAX_CODE),
    NotificationEvent.WARNING: ("warnCode", _MAX_CODE),
    NotificationEvent.EXITED: ("exitStatus", _MAX_CODE),
    NotificationEvent.UPLOADED: ("status", _MAX_CODE),
    NotificationEvent.IN_BACKUP: ("status", _MAX_CODE),
    NotificationEvent.PROGRESS: ("progress", 10_000),
    NotificationEvent.STARTED: ("status", _MAX_CODE),
    NotificationEvent.LEFT: ("leaveCode", _MAX_CODE),
    NotificationEvent.AUDIO: ("state", 1),
    NotificationEvent.VIDEO: ("state", 1),
}
"""For each event, the field that holds its code, and the maximum."""
_START_TIMES = {
    NotificationEvent.SLICE: "startUtcMs",
    NotificationEvent.AUDIO: "UtcMs",
    NotificationEvent.VIDEO: "UtcMs",
}
"""For each event, the field that holds the time at which the state began."""
_WITH_FILES = frozenset({NotificationEvent.PLAYLIST, NotificationEvent.UPLOADED, NotificationEvent.IN_BACKUP})


class Details(TypedDict):
    """The fields of a `Notification` that depend on its event."""

    code: int | None
    module: int | None
    level: int | None
    new_uid: int | None
    stream_uid: int | None
    begun_at: datetime | None
    lost_from: datetime | None
    files: tuple[str, ...]
    words: str


def parse_details(event: NotificationEvent, details: JsonObject) -> Details:
    """The fields that belong to this event; None, or empty, for a missing or unreadable one."""
    code, maximum = _CODES.get(event, ("", 0))
    is_fault = event in (NotificationEvent.ERROR, NotificationEvent.WARNING)
    return Details(
        code=_in_range(details.get(code), 0, maximum),
        module=_in_range(details.get("module"), 0, _MAX_CODE) if is_fault else None,
        level=_in_range(details.get("errorLevel"), 1, 5) if event is NotificationEvent.ERROR else None,
        new_uid=_in_range(details.get("newUid"), 1, _MAX_UID) if event is NotificationEvent.MOVED else None,
        stream_uid=_in_range(details.get("streamUid"), 0, _MAX_UID) if event in _START_TIMES else None,
        begun_at=timestamp(details.get(_START_TIMES.get(event, ""))),
        lost_from=timestamp(details.get("discontinueUtcMs")) if event is NotificationEvent.SLICE else None,
        files=_files(details) if event in _WITH_FILES else (),
        words=_explanation(details.get("errorMsg")) if event is NotificationEvent.ERROR else "",
    )


def timestamp(milliseconds: object) -> datetime | None:
    """The time for Agora's milliseconds since 1970; None outside the years 2000 to 2100."""
    number = _in_range(milliseconds, _EARLIEST, _LATEST)
    return None if number is None else _EPOCH + timedelta(milliseconds=number)


def _in_range(value: object, minimum: int, maximum: int) -> int | None:
    number = whole_number(value)
    return number if number is not None and minimum <= number <= maximum else None


def _files(details: JsonObject) -> tuple[str, ...]:
    return tuple(name for name in files_of(details) if len(name) <= _MAX_NAME_LENGTH)


def _explanation(text: object) -> str:
    return plain_text(" ".join(text.split())[:_MAX_EXPLANATION_LENGTH]) if isinstance(text, str) else ""
