"""The engine's step for a recording: read the row, decide, make one call, write the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from engine.bucket_checks import BucketChecks
from engine.calls import AgoraCalls
from recordings.errors import LeaseLost, SlackError
from recordings.lifecycle import decide
from recordings.lifecycle.actions import (
    Acquire,
    Action,
    AllocateRecorder,
    CallResult,
    Change,
    ChangeLayout,
    CheckFiles,
    Outcome,
    PostCard,
    Start,
)
from recordings.lifecycle.policy import Policy, Turn
from recordings.model.alerts import AlertKind
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from recordings.ports import Clock
from recordings.repositories import Job, Queue, RecorderRepository, RecordingRepository

_BATCH = 200
_USER_LIST_SECONDS = 5.0
"""How long the choice of a uid may wait for the list of users."""
_log = structlog.get_logger(__name__)


class PostsCards(Protocol):
    """Slack, as far as a recording's steps need it."""

    def post_card(self, recording: Recording) -> str:
        """Posts the card and returns its `ts`. Raises `SlackError`."""


@dataclass(frozen=True, slots=True)
class RecordingSteps:
    """Work: recordings that are not complete, or those of one queue.

    The work of every queue has the same name, so that the dispatcher never runs a row twice at once.
    """

    recordings: RecordingRepository
    recorders: RecorderRepository
    calls: AgoraCalls
    checks: BucketChecks
    cards: PostsCards
    policy: Policy
    clock: Clock
    jitter: Callable[[], float]
    queue: Queue | None = None
    name: str = "recording"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.recordings.due(_BATCH, self.queue)

    def run(self, key: str, epoch: int) -> None:
        job = self.recordings.job(key)
        if job is None or job.recording.is_complete or job.recording.next_step_at > self.clock.now():
            return
        action = decide.decide(job.recording, job.recorder, self._turn())
        job = self._prepare(job, action, epoch)
        sent_at = self.clock.now()
        outcome = self._perform(job, action)
        turn = replace(self._turn(), sent_at=sent_at)
        change = decide.apply_outcome(job.recording, job.recorder, action, outcome, turn)
        _log_step(job.recording, action, outcome, change)
        self._save(job.recording, change, epoch)
        if change.recording.reported.notification_missed and not job.recording.reported.notification_missed:
            self.calls.meter.notification_missed()

    def _turn(self) -> Turn:
        return Turn(now=self.clock.now(), policy=self.policy, jitter=self.jitter())

    def _prepare(self, job: Job, action: Action, epoch: int) -> Job:
        """Commits what is needed to find a recorder again before the call that may create it."""
        if not isinstance(action, Start) or job.recorder is None:
            return job
        now = self.clock.now()
        life = timedelta(seconds=self.policy.recorder_life)
        started = replace(job.recorder, start_sent_at=now, expires_at=now + life)
        self.recorders.save(started, epoch)
        return replace(job, recorder=started)

    def _perform(self, job: Job, action: Action) -> Outcome:
        recording, recorder = job.recording, job.recorder
        if isinstance(action, PostCard):
            return Outcome(self._post_card(recording))
        if isinstance(action, CheckFiles):
            return Outcome(self.checks.check(recording))
        seconds_left = self.policy.seconds_to_start(recording, self.clock.now())
        if isinstance(action, AllocateRecorder):
            # A uid that was not looked up is nearly as good; the calls that follow need the rest of the time.
            return self.calls.pick_uid(recording.agora_channel, timeout=min(_USER_LIST_SECONDS, seconds_left / 4))
        if recorder is None:
            return Outcome()
        if isinstance(action, ChangeLayout):
            return self.calls.update_layout(recorder, recording)
        return self._call(recording, recorder, action, seconds_left)

    def _call(self, recording: Recording, recorder: Recorder, action: Action, seconds_left: float) -> Outcome:
        """One call at Agora, and what else the meaning of its answer depends on."""
        timeout = seconds_left if isinstance(action, Acquire | Start) else None
        answer = self.calls.perform(action, recorder, recording, timeout=timeout)
        outcome = Outcome(answer)
        if decide.needs_users(recording, action, answer, self._turn()):
            outcome = self.calls.with_users(recording.agora_channel, answer)
        if decide.needs_listing(recording, action, answer):
            outcome = replace(outcome, stored_at=self.checks.first_stored_at(recording))
        return outcome

    def _post_card(self, recording: Recording) -> CallResult:
        try:
            return self.cards.post_card(recording)
        except SlackError as error:
            return error

    def _save(self, before: Recording, change: Change, epoch: int) -> None:
        try:
            self.recordings.save(before, change, epoch, self.clock.now())
        except LeaseLost:
            for recorder in change.recorders:
                # Its successor does not know a sid that was learnt meanwhile, and could not stop this recorder.
                if recorder.sid is not None:
                    self.recorders.keep_late(recorder)
            raise


def _log_step(before: Recording, action: Action, outcome: Outcome, change: Change) -> None:
    after = change.recording
    log = _log.bind(recording=after.id, action=type(action).__name__, state=str(after.state))
    failed = isinstance(outcome.answer, Exception)
    answer = str(outcome.answer) if failed else type(outcome.answer).__name__
    level = log.info if failed or before.state is not after.state else log.debug
    level("step", answer=answer, reason=after.reason and str(after.reason), sid=after.sid)
    for alert in change.alerts:
        if alert.kind is AlertKind.FILES:
            log.info("files_ready", media_files=after.delivery and len(after.delivery.media_files))
        else:
            log.warning("alert_raised", kind=str(alert.kind), reason=str(alert.reason), detail=after.detail)
