"""Makes the calls at Agora that a step decided on. Agora's errors are returned as values, for the domain to judge."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from recordings.errors import AgoraError
from recordings.lifecycle import layouts
from recordings.lifecycle.actions import Acquire, Action, CallResult, Outcome, Query, Reevaluate, Start, Stop, ThrowOut
from recordings.model.options import Layout
from recordings.model.recorder import Recorder, Target
from recordings.model.recording import Recording
from recordings.model.reported import ChannelUsers
from recordings.ports import Clock, CloudRecorder, Meter, NoMeter
from recordings.repositories import RecorderRepository

FIRST_UID, _LAST_UID = 3_500_000_000, 4_294_967_295
"""The range of the recorders' uids. Apps number their people from 1 upwards."""


@dataclass(frozen=True, slots=True)
class AgoraCalls:
    """`prefix` returns the folders in the bucket that Agora stores a recording's files in."""

    agora: CloudRecorder
    recorders: RecorderRepository
    prefix: Callable[[Recording], tuple[str, ...]]
    clock: Clock
    random: random.Random
    meter: Meter = field(default_factory=NoMeter)

    def perform(
        self, action: Action, recorder: Recorder, recording: Recording | None = None, timeout: float | None = None
    ) -> CallResult:
        """Returns Agora's answer, or the error. Raises `ValueError` for an action that is no call at Agora."""
        if isinstance(action, Reevaluate):
            return None
        started_at = self.clock.monotonic()
        try:
            result = self._send(action, recorder, recording, timeout)
        except AgoraError as error:
            result = error
        outcome = type(result).__name__ if isinstance(result, Exception) else "ok"
        self.meter.agora_call(type(action).__name__.lower(), self.clock.monotonic() - started_at, outcome)
        return result

    def _send(
        self, action: Action, recorder: Recorder, recording: Recording | None, timeout: float | None
    ) -> CallResult:
        target = _target(recorder)
        match action:
            case Acquire():
                return self.agora.acquire(target.channel, target.uid, timeout)
            case Start() if recording is not None:
                options, big_uid = layouts.start_options(recording), recording.applied_layout.big_uid
                return self.agora.start(target, self.prefix(recording), timeout, options, big_uid)
            case Query():
                return self.agora.query(target)
            case Stop():
                return self.agora.stop(target)
            case ThrowOut():
                self.agora.throw_out(target.channel, target.uid)
                return None
        raise ValueError(f"{action} is no call at Agora")

    def update_layout(self, recorder: Recorder, recording: Recording) -> Outcome:
        """Sends the layout that the recording should have; the speaker layout only once somebody can be shown large."""
        outcome = Outcome()
        if recording.layout is Layout.SPEAKER:
            outcome = self.with_users(recording.agora_channel, None)
            if layouts.large_uid(recording, outcome) is None:
                return outcome
        started_at = self.clock.monotonic()
        target = _target(recorder)
        try:
            self.agora.update_layout(target, recording.layout, layouts.large_uid(recording, outcome))
        except AgoraError as error:
            outcome = replace(outcome, answer=error)
        name = "ok" if outcome.error is None else type(outcome.error).__name__
        self.meter.agora_call("arrange", self.clock.monotonic() - started_at, name)
        return outcome

    def pick_uid(self, channel: str, timeout: float | None = None) -> Outcome:
        """A uid that neither anybody in the channel nor a recent recorder has, together with who is in the channel.

        If Agora does not answer, it is picked at random: a collision among 795 million is negligible.
        """
        users, own = self._users(channel, timeout), self.recorders.uids_in(channel, self.clock.now())
        present = users or ChannelUsers()
        taken = present.hosts | present.audience | own
        uid = self.random.randint(FIRST_UID, _LAST_UID)
        while uid in taken:
            uid = self.random.randint(FIRST_UID, _LAST_UID)
        return Outcome(uid, users=users, own_uids=own)

    def with_users(self, channel: str, answer: CallResult) -> Outcome:
        """The answer together with who is in the channel (None if Agora does not say)."""
        own = self.recorders.uids_in(channel, self.clock.now())
        return Outcome(answer, users=self._users(channel), own_uids=own)

    def _users(self, channel: str, timeout: float | None = None) -> ChannelUsers | None:
        started_at = self.clock.monotonic()
        outcome = "ok"
        try:
            return self.agora.users(channel, timeout)
        except AgoraError as error:
            outcome = type(error).__name__
            return None
        finally:
            self.meter.agora_call("users", self.clock.monotonic() - started_at, outcome)


def _target(recorder: Recorder) -> Target:
    return Target(recorder.agora_channel, recorder.uid, recorder.resource_id or "", recorder.sid or "")
