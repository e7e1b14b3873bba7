"""The engine's step for a recorder that nobody wants: end it, and see that it is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from engine.calls import Calls
from recordings.lifecycle import cleanup
from recordings.lifecycle.actions import Outcome, ThrowOut
from recordings.lifecycle.policy import Policy, Turn
from recordings.ports import Clock
from recordings.repositories import RecorderRepository

_MOST = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RecorderSteps:
    """Work: every recorder that is neither wanted nor gone."""

    recorders: RecorderRepository
    calls: Calls
    policy: Policy
    clock: Clock
    jitter: Callable[[], float]
    name: str = "recorder"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.recorders.due(_MOST)

    def run(self, key: str, epoch: int) -> None:
        recorder = self.recorders.get(key)
        if recorder is None or recorder.gone_at is not None or recorder.next_step_at > self.clock.now():
            return
        action = cleanup.decide(recorder, self._turn())
        sent_at = self.clock.now()
        answer = self.calls.perform(action, recorder)
        with_users = isinstance(action, ThrowOut) and answer is None
        outcome = self.calls.with_users(recorder.agora_channel, answer) if with_users else Outcome(answer)
        after = cleanup.apply_outcome(recorder, action, outcome, replace(self._turn(), sent_at=sent_at))
        level = _log.info if after.gone_at is not None else _log.debug
        level(
            "unwanted_recorder", recorder=key, uid=recorder.uid, action=type(action).__name__, gone=bool(after.gone_at)
        )
        self.recorders.save(after, epoch)

    def _turn(self) -> Turn:
        return Turn(now=self.clock.now(), policy=self.policy, jitter=self.jitter())
