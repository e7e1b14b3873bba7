"""Choosing another layout for a recording that goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recordings.lifecycle.end_times import goes_on
from recordings.lifecycle.layouts import refused
from recordings.model.audit import Act, Deed, Source
from recordings.model.options import Layout
from recordings.model.recording import Recording, State
from recordings.ports import Clock, Wake
from recordings.repositories import Wishes
from recordings.service.start_stop import NothingHere, OverAlready, Place, StopAsked


@dataclass(frozen=True, slots=True)
class LayoutChosen:
    """The wish was written down; `again`: it had been, for the same request."""

    recording: Recording
    again: bool = False


@dataclass(frozen=True, slots=True)
class SoAlready:
    """Nothing has to change: it has that layout, or somebody asked for it before."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class NoPicture:
    """Only its sound is recorded."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class LayoutService:
    """Writes down which layout somebody wants."""

    store: Wishes
    clock: Clock
    wake: Wake

    def choose(
        self, recording_id: str, layout: Layout, place: Place, by: str, request: str | None = None
    ) -> LayoutChosen | SoAlready | NoPicture | StopAsked | OverAlready:
        """Raises `NothingHere`, `StorageUnavailable`. What Slack delivers again changes nothing."""
        known = self.store.recording(recording_id)
        if known is None or known.slack_channel != place.channel:
            raise NothingHere(recording_id)
        now = self.clock()
        act = Act(
            at=now,
            who=by,
            what=Deed.CHANGED_LAYOUT,
            source=Source.BUTTON,
            recording_id=known.id,
            slack_channel=known.slack_channel,
            detail=layout,
        )
        before, after = self.store.wish_layout(recording_id, layout, by, now, _open_to(layout), request, act)
        if before != after:
            self.wake()
            return LayoutChosen(after)
        if self.store.repeated(request) is not None:
            return LayoutChosen(after, again=True)
        if goes_on(after):
            return SoAlready(after) if after.options.has_picture else NoPicture(after)
        over = after.over or after.state is State.UPLOADING
        return OverAlready(after) if over else StopAsked(after, again=True)


def _open_to(layout: Layout) -> Callable[[Recording], bool]:
    """Whether the wish for this layout would change anything. What Agora refused can be wished for again."""

    def changes(recording: Recording) -> bool:
        takes_it = goes_on(recording) and recording.options.has_picture
        return takes_it and (recording.layout is not layout or refused(recording))

    return changes
