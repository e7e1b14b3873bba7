"""Rows to values and back: a column stands for the field of the same name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row

from recordings.model.audit import Act
from recordings.model.delivery import Delivery
from recordings.model.incidents import Trouble
from recordings.model.notifications import Event, Notice
from recordings.model.options import Layout, Options, Shown
from recordings.model.recorder import Recorder
from recordings.model.recording import Reason, Recording, State
from recordings.model.reported import Told
from recordings.model.segments import LostPart
from recordings.model.timeline import Line

_WISHES = frozenset(
    {
        "stop_wanted_at",
        "stop_wanted_by",
        "ends_at",
        "extended_by",
        "layout_wanted",
        "layout_wanted_by",
        "layout_wanted_at",
        "poked",
    }
)
_IDENTITY = frozenset({"id", "agora_channel", "slack_team", "slack_channel", "started_by", "requested_at", "options"})
RECORDING = tuple(field.name for field in fields(Recording))
RECORDER = tuple(field.name for field in fields(Recorder))
TROUBLE = tuple(field.name for field in fields(Trouble))
LINE = tuple(field.name for field in fields(Line))
ACT = tuple(field.name for field in fields(Act))
DELIVERY, TOLD, LOST_PARTS = TypeAdapter(Delivery), TypeAdapter(Told), TypeAdapter(tuple[LostPart, ...])
OPTIONS, SHOWN = TypeAdapter(Options), TypeAdapter(Shown)
"""To JSON and back; what this program does not know of is left out."""
_KEPT: dict[str, TypeAdapter[Any]] = {
    "delivery": DELIVERY,
    "told": TOLD,
    "lost_parts": LOST_PARTS,
    "options": OPTIONS,
    "shown": SHOWN,
}
_NOTICE = ("id", "agora_channel", "uid", "sid", "sequence", "sent_at", "received_at")
_NOTICE_FACTS = tuple(field.name for field in fields(Notice) if field.name not in (*_NOTICE, "event"))
_NOTED_AFTER_A_PAUSE = frozenset({"unwatched_from", "unwatched_to"})
FACTS = tuple(name for name in RECORDING if name not in _WISHES | _IDENTITY | _NOTED_AFTER_A_PAUSE | {"next_step_at"})
"""What a step of the engine writes."""


def values(of: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(of, name) for name in names}


def recording(row: Row[Any]) -> Recording:
    known = values(row, RECORDING)
    return Recording(
        **known
        | {
            "told": known["told"] or Told(),
            "options": known["options"] or Options(),
            "shown": known["shown"] or Shown(),
            "lost_parts": known["lost_parts"] or (),
        }
    )


def recorder(row: Row[Any]) -> Recorder:
    return Recorder(**values(row, RECORDER))


def trouble(row: Row[Any]) -> Trouble:
    return Trouble(**values(row, TROUBLE))


def notice_values(notice: Notice) -> dict[str, Any]:
    facts = {
        name: _plain(value) for name, value in values(notice, _NOTICE_FACTS).items() if value not in (None, (), "")
    }
    return values(notice, _NOTICE) | {"event": int(notice.event), "facts": facts}


def notice(row: Row[Any]) -> Notice:
    """What `notice_values` wrote; facts that this program does not know are left out."""
    facts = {name: _typed(name, value) for name, value in row.facts.items() if name in _NOTICE_FACTS}
    return Notice(**values(row, _NOTICE), event=Event(row.event), **facts)


def to_json(snapshot: Recording) -> dict[str, Any]:
    """A recording as it was at some moment, as JSON."""
    held = {name: value for name in RECORDING if (value := getattr(snapshot, name)) is not None}
    return {
        name: _KEPT[name].dump_python(value, mode="json") if name in _KEPT else _plain(value)
        for name, value in held.items()
    }


def from_json(snapshot: dict[str, Any]) -> Recording:
    """The recording that `to_json` wrote; fields that this program does not know are left out."""
    return Recording(**{name: _typed(name, value) for name, value in snapshot.items() if name in RECORDING})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _typed(name: str, value: Any) -> Any:
    if name.endswith(("_at", "_since", "_from", "_to")):
        return datetime.fromisoformat(value)
    if name == "state":
        return State(value)
    if name in ("reason", "ending", "unanswered_reason"):
        return Reason(value)
    if name == "layout_wanted":
        return Layout(value)
    if name in _KEPT:
        return _KEPT[name].validate_python(value)
    return tuple(value) if name == "files" else value
