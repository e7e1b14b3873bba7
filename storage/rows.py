"""Rows to values and back, for every table: the one place that knows how a value is stored.

Columns, and the keys of the JSON inside them, keep their names: releases before and after this one read the same rows.
Where a field has another name, `_STORED_NAMES` says under which it is stored. Reading is lenient about what it does not
know (a column or key of a newer release is left out, one that an older release did not write has its default) and
strict about values: a row that holds a value of which this release knows nothing raises `UnreadableRow`.
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
_FLATTENED: dict[str, type] = {"intent": Intent, "probe": Probe}
"""Fields of a recording whose own fields are columns."""
_JSON_COLUMNS = (Delivery, Reported, LostSegment, Options, AppliedLayout)
_IDENTITY = frozenset({"id", "agora_channel", "slack_team", "slack_channel", "started_by", "requested_at", "options"})
_NOT_BY_STEPS = _IDENTITY | {"intent", "unwatched_from", "unwatched_to", "next_step_at"}
"""Who asked for what, what people want of it, and what is written on its own."""
_NOTIFICATION_COLUMNS = frozenset({"id", "event", "agora_channel", "uid", "sid", "sequence", "sent_at", "received_at"})
"""What else a notification says is one JSON column, `facts`."""


class UnreadableRow(Exception):
    """A row holds a value that this release does not know. The text names the column and the value."""


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
    return _load(Notification, {**row.facts, **dict(row._mapping)})


def alert(row: Row[Any]) -> Alert:
    """The recording in it is as it was when the alert was raised."""
    return _validated(
        Alert,
        {
            "kind": row.kind,
            "reason": row.reason,
            "cause": row.cause,
            "recording": from_json(row.recording),
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
    """What a step of the engine writes: nothing that people want, and nothing that never changes."""
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


# how


def _columns(value: Any, names: Iterable[str]) -> dict[str, Any]:
    stored = _STORED_NAMES.get(type(value), {})
    found: dict[str, Any] = {}
    for name in names:
        of_field = getattr(value, name)
        if name in _FLATTENED:
            found |= columns(of_field)
        else:
            in_json = isinstance(of_field, (*_JSON_COLUMNS, tuple))
            found[stored.get(name, name)] = _json(of_field) if in_json else of_field
    return found


def _json(value: Any) -> Any:
    if is_dataclass(value):
        stored = _STORED_NAMES.get(type(value), {})
        return {stored.get(field.name, field.name): _json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return [_json(each) for each in value] if isinstance(value, tuple | list) else value


def _load(kind: type[_T], stored: Mapping[str, Any]) -> _T:
    return _validated(kind, _renamed(kind, stored))


def _validated(kind: type[_T], values: Mapping[str, Any]) -> _T:
    try:
        found: _T = _adapter(kind).validate_python(values)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UnreadableRow(f"{kind.__name__}.{where}: {str(first['input'])[:80]!r}") from error
    return found


def _renamed(kind: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    """By field instead of by column or key; what is not there, or NULL, has its default."""
    names, nested, found = _STORED_NAMES.get(kind, {}), _nested(kind), {}
    for field in fields(kind):
        if field.name in _FLATTENED and kind is Recording:
            found[field.name] = _renamed(_FLATTENED[field.name], stored)
            continue
        value = stored.get(names.get(field.name, field.name))
        if value is not None:
            found[field.name] = _inside(nested[field.name], value) if field.name in nested else value
    return found


def _inside(kind: type, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _renamed(kind, value)
    return [_inside(kind, each) for each in value] if isinstance(value, list | tuple) else value


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
    return next((inner for each in get_args(hint) if (inner := _dataclass_in(each)) is not None), None)
