"""The engine's step for an unwanted recorder: end it, and query until Agora confirms that it is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from engine.calls import AgoraCalls
from recordings.lifecycle import cleanup
from recordings.lifecycle.actions import Action, Outcome, ThrowOut
from recordings.lifecycle.policy import Policy, Turn
from recordings.model.recorder import Recorder
from recordings.ports import Clock
from recordings.repositories import RecorderRepository

_BATCH = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RecorderSteps:
    """Work: every recorder that is neither wanted nor gone."""

    recorders: RecorderRepository
    calls: AgoraCalls
    policy: Policy
    clock: Clock
    jitter: Callable[[], float]
    name: str = "recorder"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.recorders.due(_BATCH)

    def run(self, key: str, epoch: int) -> None:
        recorder = self.recorders.get(key)
        if recorder is None or recorder.gone_at is not None or recorder.next_step_at > self.clock.now():
            return
        action = cleanup.decide(recorder, self._turn())
        sent_at = self.clock.now()
        outcome = self._perform(action, recorder)
        after = cleanup.apply_outcome(recorder, action, outcome, replace(self._turn(), sent_at=sent_at))
        _log_step(action, after)
        self.recorders.save(after, epoch)

    def _perform(self, action: Action, recorder: Recorder) -> Outcome:
        answer = self.calls.perform(action, recorder)
        if isinstance(action, ThrowOut) and answer is None:
            # That Agora accepted it says nothing about the recorder: the user list shows whether it has left.
            return self.calls.with_users(recorder.agora_channel, answer)
        return Outcome(answer)

    def _turn(self) -> Turn:
        return Turn(now=self.clock.now(), policy=self.policy, jitter=self.jitter())


def _log_step(action: Action, after: Recorder) -> None:
    level = _log.info if after.gone_at is not None else _log.debug
    level("unwanted_recorder", recorder=after.id, uid=after.uid, action=type(action).__name__, gone=bool(after.gone_at))
