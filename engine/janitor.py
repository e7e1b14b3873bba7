"""At start and once an hour: looks for recorders in a channel that should have left it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from engine.calls import FIRST_UID, AgoraCalls
from recordings.errors import AgoraError
from recordings.lifecycle.actions import ThrowOut
from recordings.model.recorder import Recorder
from recordings.ports import Clock
from recordings.repositories import RecorderRepository

_INTERVAL = timedelta(hours=1)
_RETRY_DELAY = timedelta(minutes=1)
_LONGEST_LIFE = timedelta(hours=25)
"""A recorder is gone after this: it does not outlive its token, which lives 24 hours."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Janitor:
    """Work: the Agora channels that were recorded within the life of a recorder.

    Throws out a uid whose recorder this database counts as gone. Only logs a uid in the recorders' range that no row
    has: it can be a person, or a recorder of another installation.
    """

    recorders: RecorderRepository
    calls: AgoraCalls
    clock: Clock
    stagger: timedelta = timedelta(0)
    """Time between the first visits of two channels, so that polling keeps most of the request rate."""
    name: str = "janitor"
    _due_at: dict[str, datetime] = field(default_factory=dict)
    _first_round: bool = True

    def due(self) -> Sequence[tuple[str, datetime]]:
        now = self.clock.now()
        channels = self.recorders.channels(now - _LONGEST_LIFE)
        first_visit = now if self._first_round else now + _INTERVAL
        self._first_round = False
        staggered = {channel: first_visit + number * self.stagger for number, channel in enumerate(channels)}
        self._due_at = {channel: self._due_at.get(channel, staggered[channel]) for channel in channels}
        return sorted(self._due_at.items(), key=lambda item: item[1])

    def run(self, key: str, epoch: int) -> None:
        del epoch
        users = self.calls.with_users(key, None).users
        if users is None:
            self._due_at[key] = self.clock.now() + _RETRY_DELAY
            return
        present = users.hosts | users.audience
        known = self._known_uids(key)
        self._log_unknown(key, present - known.keys())
        returned = [recorder for uid, recorder in known.items() if uid in present and recorder.gone_at is not None]
        refused = [recorder for recorder in returned if not self._throw_out(recorder)]
        self._due_at[key] = self.clock.now() + (_RETRY_DELAY if refused else _INTERVAL)

    def _known_uids(self, channel: str) -> dict[int, Recorder]:
        """Every uid that a recent recorder has or had, with that recorder under this uid.

        Agora gives a recorder that it moves to another server a second uid, and either may be in the channel.
        """
        recent = self.recorders.of_channel(channel, self.clock.now() - _LONGEST_LIFE)
        return {
            uid: replace(recorder, uid=uid)
            for recorder in recent
            for uid in (recorder.uid, recorder.moved_uid)
            if uid is not None
        }

    def _log_unknown(self, channel: str, uids: frozenset[int]) -> None:
        for uid in sorted(uid for uid in uids if uid >= FIRST_UID):
            _log.warning("unknown_uid", channel=channel, uid=uid)
            self.calls.meter.unknown_uid()

    def _throw_out(self, recorder: Recorder) -> bool:
        answer = self.calls.perform(ThrowOut(), recorder)
        _log.warning("recorder_came_back", recorder=recorder.id, uid=recorder.uid, thrown_out=answer is None)
        return not isinstance(answer, AgoraError)
