"""What happens to a recording between its beginning and its end, a line each.

The card shows what is so now; what it can't keep, since the next change takes its place, is told in its thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from recordings.model.options import Layout
from recordings.model.recording import Recording, State

_ASKED_TWICE = 2
"""One answer "not found" amid others is nothing to tell: Agora gives such."""


class TimelineEvent(StrEnum):
    """What happened."""

    EXTENDED = "extended"
    LAYOUT = "layout"
    LAYOUT_REFUSED = "layout_refused"
    FOUND_AGAIN = "found_again"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """Something that happened to a recording. `who` is empty where nobody here did it; `moment`: until when it was
    extended, or since when it was not found or moved; `layout`: which one; `detail`: Agora's own words."""

    recording_id: str
    slack_channel: str
    at: datetime
    what: TimelineEvent
    who: str = ""
    moment: datetime | None = None
    layout: Layout | None = None
    detail: str = ""


def entries_between(before: Recording, after: Recording, at: datetime) -> Iterator[TimelineEntry]:
    """What happened at this moment, from what the recording was and what it is."""
    if after.intent.ends_at != before.intent.ends_at and after.intent.extended_by is not None:
        yield _entry(after, at, TimelineEvent.EXTENDED, who=after.intent.extended_by, moment=after.intent.ends_at)
    yield from _layout_entries(before, after, at)
    back = before.state is State.INTERRUPTED and after.state is State.RECORDING and before.sid == after.sid
    if back and before.reported.moving:
        yield _entry(after, at, TimelineEvent.MOVED, moment=before.reported.moved_at)
    elif back and before.probe.not_found >= _ASKED_TWICE:
        yield _entry(after, at, TimelineEvent.FOUND_AGAIN, moment=before.probe.not_found_since)


def _layout_entries(before: Recording, after: Recording, at: datetime) -> Iterator[TimelineEntry]:
    who = after.intent.layout_by or ""
    if after.intent.layout_at != before.intent.layout_at:
        yield _entry(after, at, TimelineEvent.LAYOUT, who=who, layout=after.layout)
    if after.applied_layout.refused_at not in (None, before.applied_layout.refused_at):
        yield _entry(
            after, at, TimelineEvent.LAYOUT_REFUSED, who=who, layout=after.layout, detail=after.applied_layout.refusal
        )


def _entry(recording: Recording, at: datetime, what: TimelineEvent, **more: Any) -> TimelineEntry:
    return TimelineEntry(recording_id=recording.id, slack_channel=recording.slack_channel, at=at, what=what, **more)
