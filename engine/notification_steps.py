"""The engine's step for what Agora told by itself: add it to the recording, ask Agora at once where that matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from recordings.lifecycle import notifications
from recordings.lifecycle.policy import Policy, Turn
from recordings.model.notifications import Event, Notice
from recordings.ports import Clock
from recordings.repositories import Steps, WaitingNotices

_MOST = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NoticeSteps:
    """Work: recordings of which Agora told something that is not taken into account yet.

    It has the name of the recordings' own steps, so that a row is never in hand as both.
    """

    notices: WaitingNotices
    steps: Steps
    policy: Policy
    clock: Clock
    name: str = "recording"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.notices.waiting(_MOST)

    def run(self, key: str, epoch: int) -> None:
        notices, job = self.notices.of(key), self.steps.job(key)
        if not notices or job is None:
            return
        now = self.clock()
        change = notifications.heed(job.recording, job.recorder, notices, Turn(now=now, policy=self.policy))
        self.steps.save(job.recording, change, epoch, now)
        for notice in notices:
            _report(key, notice)
        for alert in change.alerts:
            _log.warning("alert_raised", recording=key, kind=str(alert.kind), reason=str(alert.reason))


def _report(recording_id: str, notice: Notice) -> None:
    serious = notice.event in (Event.ERROR, Event.WARNING)
    level = _log.warning if serious else _log.info
    level(
        "agora_told",
        recording=recording_id,
        notice=notice.event.name.lower(),
        code=notice.code,
        module=notice.module,
        words=notifications.in_words(notice),
    )
