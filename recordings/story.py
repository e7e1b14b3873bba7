"""What happens to a recording between its beginning and its end, a line each.

The card shows what is so now; what it can't keep, since the next change takes its place, is told in its thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recordings.model import Recording, State

_ASKED_TWICE = 2
"""One answer "not found" amid others is nothing to tell: Agora gives such."""


class Happening(StrEnum):
    """What happened."""

    EXTENDED = "extended"
    FOUND_AGAIN = "found_again"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that happened to a recording. `who` is empty where nobody here did it; `moment`: until when it was
    extended, or since when it was not found or moved."""

    recording_id: str
    slack_channel: str
    at: datetime
    what: Happening
    who: str = ""
    moment: datetime | None = None


def lines(before: Recording, after: Recording, at: datetime) -> Iterator[Line]:
    """What happened at this moment, from what the recording was and what it is."""
    if after.ends_at != before.ends_at and after.extended_by is not None:
        yield _line(after, at, Happening.EXTENDED, after.ends_at, after.extended_by)
    back = before.state is State.INTERRUPTED and after.state is State.RECORDING and before.sid == after.sid
    if back and before.told.moving:
        yield _line(after, at, Happening.MOVED, before.told.moved_at)
    elif back and before.not_found >= _ASKED_TWICE:
        yield _line(after, at, Happening.FOUND_AGAIN, before.not_found_since)


def _line(recording: Recording, at: datetime, what: Happening, moment: datetime | None, who: str = "") -> Line:
    return Line(
        recording_id=recording.id,
        slack_channel=recording.slack_channel,
        at=at,
        what=what,
        who=who,
        moment=moment,
    )
