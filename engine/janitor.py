"""Once at start and once an hour: is a recorder of ours in a channel that should be gone?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from engine.calls import FIRST_UID, Calls
from recordings.errors import AgoraError
from recordings.lifecycle.actions import ThrowOut
from recordings.model.recorder import Recorder
from recordings.ports import Clock
from recordings.repositories import RecorderRepository

_EVERY = timedelta(hours=1)
_AFTER_A_FAULT = timedelta(minutes=1)
_LATELY = timedelta(hours=25)
"""No recorder outlives its token, which lives 24 hours."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Janitor:
    """Work: the Agora channels that were lately recorded.

    A uid that a row of this database knows and calls gone is thrown out. One in the recorders' range that no row
    knows is told in the log only: it can be a person, or another installation's recorder.
    """

    recorders: RecorderRepository
    calls: Calls
    clock: Clock
    spacing: timedelta = timedelta(0)
    """Between two looks, so that queries need not wait for them."""
    name: str = "janitor"
    _next: dict[str, datetime] = field(default_factory=dict)
    _first_round: bool = True

    def due(self) -> Sequence[tuple[str, datetime]]:
        now = self.clock.now()
        channels = self.recorders.channels(now - _LATELY)
        first_look = now if self._first_round else now + _EVERY
        self._first_round = False
        spread = {channel: first_look + number * self.spacing for number, channel in enumerate(channels)}
        self._next = {channel: self._next.get(channel, spread[channel]) for channel in channels}
        return sorted(self._next.items(), key=lambda item: item[1])

    def run(self, key: str, epoch: int) -> None:
        del epoch
        outcome = self.calls.with_users(key, None)
        if outcome.users is None:
            self._next[key] = self.clock.now() + _AFTER_A_FAULT
            return
        present = outcome.users.hosts | outcome.users.audience
        lately = self.recorders.of_channel(key, self.clock.now() - _LATELY)
        # Agora gives one that it moves another uid, which is the one to throw out then.
        known = {
            uid: replace(recorder, uid=uid)
            for recorder in lately
            for uid in (recorder.uid, recorder.moved_uid)
            if uid is not None
        }
        for uid in sorted(uid for uid in present if uid >= FIRST_UID and uid not in known):
            _log.warning("unknown_uid", channel=key, uid=uid)
            self.calls.meter.unknown_uid()
        back = [recorder for uid, recorder in known.items() if uid in present and recorder.gone_at is not None]
        faults = [recorder for recorder in back if not self._throw_out(recorder)]
        self._next[key] = self.clock.now() + (_AFTER_A_FAULT if faults else _EVERY)

    def _throw_out(self, recorder: Recorder) -> bool:
        answer = self.calls.perform(ThrowOut(), recorder)
        _log.warning("recorder_came_back", recorder=recorder.id, uid=recorder.uid, thrown_out=answer is None)
        return not isinstance(answer, AgoraError)
