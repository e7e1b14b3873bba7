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


class Happening(StrEnum):
    """What happened."""

    EXTENDED = "extended"
    LAYOUT = "layout"
    LAYOUT_REFUSED = "layout_refused"
    FOUND_AGAIN = "found_again"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that happened to a recording. `who` is empty where nobody here did it; `moment`: until when it was
    extended, or since when it was not found or moved; `layout`: which one; `detail`: Agora's own words."""

    recording_id: str
    slack_channel: str
    at: datetime
    what: Happening
    who: str = ""
    moment: datetime | None = None
    layout: Layout | None = None
    detail: str = ""


def lines(before: Recording, after: Recording, at: datetime) -> Iterator[Line]:
    """What happened at this moment, from what the recording was and what it is."""
    if after.ends_at != before.ends_at and after.extended_by is not None:
        yield _line(after, at, Happening.EXTENDED, who=after.extended_by, moment=after.ends_at)
    yield from _of_the_layout(before, after, at)
    back = before.state is State.INTERRUPTED and after.state is State.RECORDING and before.sid == after.sid
    if back and before.told.moving:
        yield _line(after, at, Happening.MOVED, moment=before.told.moved_at)
    elif back and before.not_found >= _ASKED_TWICE:
        yield _line(after, at, Happening.FOUND_AGAIN, moment=before.not_found_since)


def _of_the_layout(before: Recording, after: Recording, at: datetime) -> Iterator[Line]:
    who = after.layout_wanted_by or ""
    if after.layout_wanted_at != before.layout_wanted_at:
        yield _line(after, at, Happening.LAYOUT, who=who, layout=after.layout)
    if after.shown.refused_at not in (None, before.shown.refused_at):
        yield _line(after, at, Happening.LAYOUT_REFUSED, who=who, layout=after.layout, detail=after.shown.refusal)


def _line(recording: Recording, at: datetime, what: Happening, **more: Any) -> Line:
    return Line(recording_id=recording.id, slack_channel=recording.slack_channel, at=at, what=what, **more)
