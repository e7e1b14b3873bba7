"""What is in the `details` of a notification. Agora may change them: what can't be read is left out, never an error.

Doc page: shared/notification-center-service/event-types/cloud-recording.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypedDict

from agora.answers import JsonObject, files_of, plain_text, whole_number
from recordings.model.notifications import NotificationEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000
"""The years 2000 and 2100, in ms."""
_LONGEST_NAME, _LONGEST_WORDS = 1024, 500
_HIGHEST_UID = 2**32 - 1
_HIGHEST_CODE = 2**31 - 1
_CODES: dict[NotificationEvent, tuple[str, int]] = {
    NotificationEvent.ERROR: ("errorCode", _HIGHEST_CODE),
    NotificationEvent.WARNING: ("warnCode", _HIGHEST_CODE),
    NotificationEvent.EXITED: ("exitStatus", _HIGHEST_CODE),
    NotificationEvent.UPLOADED: ("status", _HIGHEST_CODE),
    NotificationEvent.IN_BACKUP: ("status", _HIGHEST_CODE),
    NotificationEvent.PROGRESS: ("progress", 10_000),
    NotificationEvent.STARTED: ("status", _HIGHEST_CODE),
    NotificationEvent.LEFT: ("leaveCode", _HIGHEST_CODE),
    NotificationEvent.AUDIO: ("state", 1),
    NotificationEvent.VIDEO: ("state", 1),
}
"""The field that is the notice's `code`, and the highest that it can be."""
_BEGINNINGS = {
    NotificationEvent.SLICE: "startUtcMs",
    NotificationEvent.AUDIO: "UtcMs",
    NotificationEvent.VIDEO: "UtcMs",
}
"""The field that tells since when it is so."""
_WITH_FILES = frozenset({NotificationEvent.PLAYLIST, NotificationEvent.UPLOADED, NotificationEvent.IN_BACKUP})


class Facts(TypedDict):
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


def facts(event: NotificationEvent, details: JsonObject) -> Facts:
    """What the details of this event say; None, or empty, for what they do not."""
    code, highest = _CODES.get(event, ("", 0))
    faulty = event in (NotificationEvent.ERROR, NotificationEvent.WARNING)
    return Facts(
        code=_within(details.get(code), 0, highest),
        module=_within(details.get("module"), 0, _HIGHEST_CODE) if faulty else None,
        level=_within(details.get("errorLevel"), 1, 5) if event is NotificationEvent.ERROR else None,
        new_uid=_within(details.get("newUid"), 1, _HIGHEST_UID) if event is NotificationEvent.MOVED else None,
        stream_uid=_within(details.get("streamUid"), 0, _HIGHEST_UID) if event in _BEGINNINGS else None,
        begun_at=moment(details.get(_BEGINNINGS.get(event, ""))),
        lost_from=moment(details.get("discontinueUtcMs")) if event is NotificationEvent.SLICE else None,
        files=_files(details) if event in _WITH_FILES else (),
        words=_words(details.get("errorMsg")) if event is NotificationEvent.ERROR else "",
    )


def moment(milliseconds: object) -> datetime | None:
    """A time of Agora's, in ms since 1970; None where it can't be one."""
    found = _within(milliseconds, _EARLIEST, _LATEST)
    return None if found is None else _EPOCH + timedelta(milliseconds=found)


def _within(value: object, lowest: int, highest: int) -> int | None:
    found = whole_number(value)
    return found if found is not None and lowest <= found <= highest else None


def _files(details: JsonObject) -> tuple[str, ...]:
    return tuple(name for name in files_of(details) if len(name) <= _LONGEST_NAME)


def _words(text: object) -> str:
    return plain_text(" ".join(text.split())[:_LONGEST_WORDS]) if isinstance(text, str) else ""
