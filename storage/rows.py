"""Rows to values and back, for every table: the one place that knows how a value is stored.

Columns, and the keys of the JSON inside them, keep their names, because releases before and after this one read the
same rows; `_STORED_NAMES` maps fields that have another name. Reading is lenient about names: it ignores a column or
key of a newer release, and gives a field its default if an older release did not write it. It is strict about values:
an unknown one raises `UnreadableRow`, which `storage.unreadable` handles for all tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row

from recordings.model.alerts import Alert, Incident
from recordings.model.audit import AuditEvent
from recordings.model.delivery import Delivery
from recordings.model.intent import Intent
from recordings.model.notifications import Notification
from recordings.model.options import AppliedLayout, Options
from recordings.model.recorder import Probe, Recorder
from recordings.model.recording import Recording
from recordings.model.reported import Reported, Stream
from recordings.model.segments import LostSegment
from recordings.model.timeline import TimelineEntry

_T = TypeVar("_T")

_STORED_NAMES: dict[type, dict[str, str]] = {
    Recording: {
        "attempt_started_at": "turn_at",
        "recorder_count": "recorders",
        "lost_segments": "lost_parts",
        "nothing_stored_warned_at": "nothing_stored_at",
        "people_count": "present",
        "people_counted_at": "present_at",
        "end_warning": "ending_told",
        "stop_reason": "ending",
        "reported": "told",
        "applied_layout": "shown",
    },
    Intent: {
        "stop_at": "stop_wanted_at",
        "stop_by": "stop_wanted_by",
        "layout": "layout_wanted",
        "layout_by": "layout_wanted_by",
        "layout_at": "layout_wanted_at",
        "revision": "poked",
    },
    Recorder: {"segment_number": "part"},
    Delivery: {"media_files": "parts", "checks": "looks", "fingerprint": "seen"},
    LostSegment: {"resumed_at": "on_at", "recorder_count": "recorders"},
    Reported: {
        "notifications": "notices",
        "exit_cause": "exit",
        "exit_received_at": "exit_at",
        "upload_error_at": "failing_at",
        "upload_warning_open": "failing_told",
        "upload_warned_at": "failing_told_at",
        "silence_warning_open": "silent_told",
        "notification_missed": "missed",
    },
    Stream: {"received_at": "learnt_at"},
}
_LEFT_OUT_IF_EMPTY = frozenset({"footage"})
"""Keys of this release that the previous one does not know: a row without their values stays as it wrote it."""
_FLATTENED: dict[str, type] = {"intent": Intent, "probe": Probe}
"""Fields of a recording whose own fields are columns."""
_JSON_COLUMNS = (Delivery, Reported, LostSegment, Options, AppliedLayout)
_IDENTITY = frozenset({"id", "agora_channel", "slack_team", "slack_channel", "started_by", "requested_at", "options"})
_NOT_BY_STEPS = _IDENTITY | {"intent", "unwatched_from", "unwatched_to", "next_step_at"}
"""What a step never writes: who requested what, the intent, and what statements of their own write."""
_NOTIFICATION_COLUMNS = frozenset({"id", "event", "agora_channel", "uid", "sid", "sequence", "sent_at", "received_at"})
"""Everything else in a notification is in one JSON column, `facts`."""


_LONGEST_VALUE = 80
"""Characters of a value in the log."""


class UnreadableRow(Exception):
    """A row holds a value that this release does not know. `column` names it, with the keys inside a JSON column."""

    def __init__(self, column: str, value: object) -> None:
        self.column = column
        self.value = None if value is None else str(value)[:_LONGEST_VALUE]
        super().__init__(f"{column}: {self.value!r}")


# values


def recording(row: Row[Any]) -> Recording:
    return _load(Recording, dict(row._mapping))


def recorder(row: Row[Any]) -> Recorder:
    return _load(Recorder, dict(row._mapping))


def incident(row: Row[Any]) -> Incident:
    return _load(Incident, dict(row._mapping))


def timeline_entry(row: Row[Any]) -> TimelineEntry:
    return _load(TimelineEntry, dict(row._mapping))


def audit_event(row: Row[Any]) -> AuditEvent:
    return _load(AuditEvent, dict(row._mapping))


def notification(row: Row[Any]) -> Notification:
    return _load(Notification, {**_json_object("facts", row.facts), **dict(row._mapping)})


def alert(row: Row[Any]) -> Alert:
    """With the recording as it was when the alert was raised."""
    return _validated(
        Alert,
        {
            "kind": row.kind,
            "reason": row.reason,
            "cause": row.cause,
            "recording": _renamed(Recording, _json_object("recording", row.recording)),
            "raised_at": row.raised_at,
        },
    )


def from_json(snapshot: Mapping[str, Any]) -> Recording:
    """The recording that `to_json` wrote. Raises `UnreadableRow`."""
    return _load(Recording, snapshot)


# rows


def columns(value: Any) -> dict[str, Any]:
    """Every column of a recording, recorder, incident, timeline entry or audit event."""
    return _columns(value, (field.name for field in fields(value)))


def step_columns(recording: Recording) -> dict[str, Any]:
    """The columns that a step of the engine writes."""
    return _columns(recording, (field.name for field in fields(recording) if field.name not in _NOT_BY_STEPS))


def notification_columns(notification: Notification) -> dict[str, Any]:
    whole = _json(notification)
    facts = {
        name: value
        for name, value in whole.items()
        if name not in _NOTIFICATION_COLUMNS and value not in (None, [], "")
    }
    return {name: getattr(notification, name) for name in _NOTIFICATION_COLUMNS} | {"facts": facts}


def to_json(snapshot: Recording) -> dict[str, Any]:
    """A recording as it was at some moment, as JSON."""
    flat = {
        name: _json(value) for name, value in _columns(snapshot, (field.name for field in fields(snapshot))).items()
    }
    return {name: value for name, value in flat.items() if value is not None}


# conversion


def _columns(value: Any, names: Iterable[str]) -> dict[str, Any]:
    stored = _STORED_NAMES.get(type(value), {})
    by_column: dict[str, Any] = {}
    for name in names:
        content = getattr(value, name)
        if name in _FLATTENED:
            by_column |= columns(content)
        else:
            in_json = isinstance(content, (*_JSON_COLUMNS, tuple))
            by_column[stored.get(name, name)] = _json(content) if in_json else content
    return by_column


def _json(value: Any) -> Any:
    if is_dataclass(value):
        stored = _STORED_NAMES.get(type(value), {})
        contents = {stored.get(field.name, field.name): _json(getattr(value, field.name)) for field in fields(value)}
        return {key: content for key, content in contents.items() if content or key not in _LEFT_OUT_IF_EMPTY}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return [_json(item) for item in value] if isinstance(value, tuple | list) else value


def _load(kind: type[_T], stored: Mapping[str, Any]) -> _T:
    return _validated(kind, _renamed(kind, stored))


def _json_object(column: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UnreadableRow(column, value)
    return value


def _validated(kind: type[_T], values: Mapping[str, Any]) -> _T:
    try:
        valid: _T = _adapter(kind).validate_python(values)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        # What is missing has no value; pydantic gives all the others instead.
        value = None if first["type"] == "missing" else first["input"]
        raise UnreadableRow(_stored_path(kind, first["loc"]), value) from error
    return valid


def _stored_path(kind: type, location: Iterable[str | int]) -> str:
    """The column of a field, and the keys inside it, as they are stored: `told.exit`, `lost_parts.0.on_at`."""
    path = []
    for name in location:
        if name not in _FLATTENED or kind is not Recording:
            path.append(str(_STORED_NAMES.get(kind, {}).get(str(name), name)))
        kind = _nested(kind).get(str(name), kind)
    return ".".join(path)


def _renamed(kind: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The values by field instead of by column or key. What is missing or NULL is left out: its default holds."""
    names, nested = _STORED_NAMES.get(kind, {}), _nested(kind)
    by_field: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in _FLATTENED and kind is Recording:
            by_field[field.name] = _renamed(_FLATTENED[field.name], stored)
            continue
        value = stored.get(names.get(field.name, field.name))
        if value is not None:
            by_field[field.name] = _inside(nested[field.name], value) if field.name in nested else value
    return by_field


def _inside(kind: type, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _renamed(kind, value)
    return [_inside(kind, item) for item in value] if isinstance(value, list | tuple) else value


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def _nested(kind: type) -> dict[str, type]:
    """The fields that hold dataclasses, or tuples of them."""
    return {name: inner for name, hint in get_type_hints(kind).items() if (inner := _dataclass_in(hint)) is not None}


def _dataclass_in(hint: Any) -> type | None:
    if isinstance(hint, type) and is_dataclass(hint):
        return hint
    return next((inner for argument in get_args(hint) if (inner := _dataclass_in(argument)) is not None), None)
