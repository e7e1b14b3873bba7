"""A recording with the real steps of the engine and an in-memory store.

A test decides what happens to its recorder and which notifications arrive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from engine.notification_steps import NotificationSteps
from recordings.lifecycle.policy import Policy
from recordings.model.notifications import Notification
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from tests.fakes.engine import Engine
from tests.fakes.intents import request_stop
from tests.fakes.outboxes import MemoryNotifications
from tests.fakes.rows import acquired, with_card
from tests.fakes.steps import NOT_FOUND

MOVE_SECONDS = 30
"""How long Agora does not find a recorder that it moves."""
_PEOPLE = ChannelUsers(hosts=frozenset({1000}))


class Truth(Enum):
    """What has happened to the recorder."""

    GOES_ON = "it goes on"
    LEFT = "it is gone, and people are there"
    EMPTY = "it is gone, and so is everybody"
    MOVED = "it is on another server after a while"
    CRASHED = "it says so itself"


class History(Engine):
    """A recording that was just requested. By default a lost recorder is not replaced."""

    def __init__(self, policy: Policy = Policy(max_resumes=0)) -> None:  # noqa: B008 - frozen
        super().__init__(policy)
        self.notifications = MemoryNotifications(self.memory, self.clock)
        self.apply = NotificationSteps(self.notifications, self.recordings, policy, self.clock)
        self.truth, self.since, self.stopped = Truth.GOES_ON, 0.0, False
        self.agora.people = _PEOPLE
        self.agora.answers["query"] = [self._status]
        self.agora.answers["stop"] = [self._stop]
        self.has(with_card(), acquired())

    def runs(self, seconds: float) -> None:
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            for work in (self.apply, self.steps, self.clean):
                for key in [key for key, moment in work.due() if moment <= self.clock.now()]:
                    work.run(key, self.epoch)
            self.clock.passes(max(0.5, min(self._idle_seconds(), until - self.clock.seconds)))

    def _idle_seconds(self) -> float:
        """How long nothing is due."""
        due = [moment for work in (self.apply, self.steps, self.clean) for _, moment in work.due()]
        return (min(due) - self.clock.now()).total_seconds() if due else math.inf

    def set_truth(self, truth: Truth) -> None:
        self.truth, self.since = truth, self.clock.seconds
        self.agora.people = ChannelUsers() if truth is Truth.EMPTY else _PEOPLE

    def receives(self, notifications: Sequence[Notification]) -> None:
        for notification in notifications:
            self.notifications.keep(replace(notification, received_at=self.clock.now()))

    def receives_before_the_answer_to_start(self, notifications: Sequence[Notification], truth: Truth) -> None:
        def start() -> str:
            self.set_truth(truth)
            self.receives(notifications)
            return "SID"

        self.agora.answers["start"] = [start]

    def stop_request(self) -> None:
        request_stop(self.recordings, "rec1", "U2", self.clock.now())
        self.runs(30)

    @property
    def end(self) -> tuple[State, Reason | None]:
        return self.row.state, self.row.reason

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(kind, str(reason)) for kind, reason in self.alerts_raised]

    def results(self) -> tuple[object, ...]:
        """What is known in the end. The order of the notifications must make no difference to it."""
        row: Recording = self.row
        ends = [alert for alert in self.kinds if alert[0] in ("recording_ended", "recording_failed")]
        streams = tuple((stream.sound, stream.uid, stream.received) for stream in row.reported.streams)
        while_up = (
            ()
            if row.is_over
            else (self.recorder().moved_uid, row.reported.progress, row.reported.is_upload_failing, streams)
        )
        return row.state, row.reason, ends, row.reported.gaps, row.started_at, while_up

    def _status(self) -> RecorderStatus:
        gone = self.truth in (Truth.LEFT, Truth.EMPTY)
        away = self.truth is Truth.MOVED and self.clock.seconds < self.since + MOVE_SECONDS
        if self.stopped or gone or away:
            raise NOT_FOUND
        return RecorderStatus(20 if self.truth is Truth.CRASHED else 5)

    def _stop(self) -> StopAccepted:
        self.stopped = True
        return StopAccepted()
