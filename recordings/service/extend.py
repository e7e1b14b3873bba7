"""Putting off the end of a recording that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recordings.lifecycle.end_times import end_of, extended, goes_on, last_end_of
from recordings.lifecycle.policy import Policy
from recordings.model.audit import Act, Deed, Source
from recordings.model.recording import Recording, State
from recordings.ports import Clock, Wake
from recordings.repositories import Wishes
from recordings.service.start_stop import NothingHere, OverAlready, Place, StopAsked


@dataclass(frozen=True, slots=True)
class Extended:
    """The later end was written down; `again`: it had been, for the same request. `cut`: as late as it can be, which
    is sooner than was asked for."""

    recording: Recording
    until: datetime
    again: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class AtTheLongest:
    """It can't end any later."""

    recording: Recording
    until: datetime


@dataclass(frozen=True, slots=True)
class ExtendService:
    """Puts ends off, by the policy's extension and as far as the policy lets it."""

    store: Wishes
    policy: Policy
    clock: Clock
    wake: Wake

    def extend(
        self, recording_id: str, place: Place, by: str, request: str | None = None
    ) -> Extended | AtTheLongest | StopAsked | OverAlready:
        """Raises `NothingHere`, `StorageUnavailable`. What Slack delivers again changes nothing."""
        known = self.store.recording(recording_id)
        if known is None or known.slack_channel != place.channel:
            raise NothingHere(recording_id)
        now = self.clock()
        act = self._act(known, by, now)
        before, after = self.store.wish_end(recording_id, by, now, self._later, request, act)
        until = end_of(after, self.policy.max_duration)
        if before != after:
            self.wake()
            whole = end_of(before, self.policy.max_duration) + timedelta(seconds=self.policy.extension)
            return Extended(after, until, cut=until < whole)
        if self.store.repeated(request) is not None:
            return Extended(after, until, again=True)
        if goes_on(after):
            return AtTheLongest(after, last_end_of(after, self.policy.max_duration))
        over = after.over or after.state is State.UPLOADING
        return OverAlready(after) if over else StopAsked(after, again=True)

    def _act(self, recording: Recording, by: str, at: datetime) -> Act:
        return Act(
            at=at,
            who=by,
            what=Deed.EXTENDED,
            source=Source.BUTTON,
            recording_id=recording.id,
            slack_channel=recording.slack_channel,
        )

    def _later(self, recording: Recording) -> datetime | None:
        return extended(recording, self.policy.max_duration, self.policy.extension)
