"""The timeline of a recording: changes that are posted in the thread of its card.

The card shows the present state. A change that the next one would overwrite on the card stays readable in the thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from recordings.model.options import Layout
from recordings.model.recording import Recording, State

_WORTH_AN_ENTRY = 2
"""Consecutive answers "not found". Agora gives a single one now and then without any interruption."""


class TimelineEvent(StrEnum):
    """What happened."""

    EXTENDED = "extended"
    LAYOUT = "layout"
    LAYOUT_REFUSED = "layout_refused"
    FOUND_AGAIN = "found_again"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One change of a recording.

    `who` is empty if nobody in Slack made it. `moment`: the new end time, or since when the recorder was not found or
    was being moved. `layout`: the new layout, or the refused one. `detail`: the layout that stays after a refusal.
    """

    recording_id: str
    slack_channel: str
    at: datetime
    what: TimelineEvent
    who: str = ""
    moment: datetime | None = None
    layout: Layout | None = None
    detail: str = ""


def entries_between(before: Recording, after: Recording, at: datetime) -> Iterator[TimelineEntry]:
    """The entries for a change from one row to the next."""
    if after.intent.ends_at != before.intent.ends_at and after.intent.extended_by is not None:
        yield _entry(after, at, TimelineEvent.EXTENDED, who=after.intent.extended_by, moment=after.intent.ends_at)
    yield from _layout_entries(before, after, at)
    is_back = before.state is State.INTERRUPTED and after.state is State.RECORDING and before.sid == after.sid
    if is_back and before.reported.moving:
        yield _entry(after, at, TimelineEvent.MOVED, moment=before.reported.moved_at)
    elif is_back and before.probe.not_found >= _WORTH_AN_ENTRY:
        yield _entry(after, at, TimelineEvent.FOUND_AGAIN, moment=before.probe.not_found_since)


def _layout_entries(before: Recording, after: Recording, at: datetime) -> Iterator[TimelineEntry]:
    """A chosen layout is reported once the recorder has it: Agora may refuse it."""
    who = after.intent.layout_by or ""
    is_applied = after.current_layout is after.wanted_layout and after.current_layout is not before.current_layout
    if who and is_applied:
        yield _entry(after, at, TimelineEvent.LAYOUT, who=who, layout=after.wanted_layout)
    if after.applied_layout.refused_at not in (None, before.applied_layout.refused_at):
        stays = str(after.current_layout)
        yield _entry(after, at, TimelineEvent.LAYOUT_REFUSED, who=who, layout=after.wanted_layout, detail=stays)


def _entry(recording: Recording, at: datetime, what: TimelineEvent, **facts: Any) -> TimelineEntry:
    return TimelineEntry(recording_id=recording.id, slack_channel=recording.slack_channel, at=at, what=what, **facts)
