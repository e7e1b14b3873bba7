"""The engine's steps on repositories in memory, a fake Agora, a fake bucket and a clock that tests move."""

from __future__ import annotations

import random

from engine.bucket_checks import BucketChecks
from engine.calls import AgoraCalls
from engine.recorder_steps import RecorderSteps
from engine.recording_steps import RecordingSteps
from recordings.errors import BucketDenied, SlackRefused
from recordings.lifecycle.actions import Change
from recordings.lifecycle.policy import Policy
from recordings.model.alerts import Alert
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from tests.fakes.agora import FakeAgora
from tests.fakes.bucket import FakeBucket
from tests.fakes.bucket_contents import Objects
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecorders, MemoryRecordings
from tests.fakes.rows import FakeClock


class FakePoster:
    """Slack for the steps. Posts every card, unless it is given an error."""

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.error: SlackRefused | None = None

    def post_card(self, recording: Recording) -> str:
        if self.error is not None:
            raise self.error
        self.posted.append(recording.id)
        return "1.1"


class Engine:
    """A leader's steps. The bucket refuses to be read until `uploads` is called."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.memory = Memory()
        self.clock = FakeClock()
        self.agora = FakeAgora()
        self.bucket = FakeBucket(BucketDenied("AccessDenied"))
        self.cards = FakePoster()
        self.recordings = MemoryRecordings(self.memory)
        self.recorders = MemoryRecorders(self.memory)
        self.epoch = MemoryLease(self.memory, "me").hold(self.clock.now(), 1e9) or 0
        self.calls = AgoraCalls(
            self.agora, self.recorders, lambda recording: ("folder",), self.clock, random.Random(7)  # noqa: S311
        )  # fmt: skip
        checks = BucketChecks(self.bucket, lambda recording: ("folder",), self.clock)
        policy = policy or Policy()
        self.steps = RecordingSteps(
            self.recordings, self.recorders, self.calls, checks, self.cards, policy, self.clock, lambda: 0.0
        )
        self.clean = RecorderSteps(self.recorders, self.calls, policy, self.clock, lambda: 0.0)

    def has(self, recording: Recording, *recorders: Recorder) -> None:
        assert self.recordings.add_recording(recording, None) is None
        self.recordings.save(recording, Change(recording, recorders), self.epoch, self.clock.now())

    def step(self, recording_id: str = "rec1") -> Recording:
        self.steps.run(recording_id, self.epoch)
        return self.row

    def lives(self, seconds: float) -> None:
        """Runs every step that becomes due within this time."""
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            for work in (self.steps, self.clean):
                for key in [key for key, due_at in work.due() if due_at <= self.clock.now()]:
                    work.run(key, self.epoch)
            self.clock.passes(0.5)

    def another_leads(self) -> None:
        MemoryLease(self.memory, "me").release(self.clock.now())
        assert MemoryLease(self.memory, "other").hold(self.clock.now(), 15) is not None

    def another_leads_before(self, answer: str) -> str:
        self.another_leads()
        return answer

    def uploads(self, objects: Objects) -> None:
        """Agora has stored these objects; from now on the bot may read the bucket."""
        self.bucket.error = None
        for name, content in objects.items():
            self.bucket.has(f"folder/{name}", content if isinstance(content, str) else b"x" * content, self.clock.now())

    @property
    def alerts(self) -> list[Alert]:
        return [entry.alert for entry in self.memory.outbox]

    @property
    def alerts_raised(self) -> list[tuple[str, Reason | None]]:
        return [(str(alert.kind), alert.reason) for alert in self.alerts]

    @property
    def row(self) -> Recording:
        recording = self.recordings.recording("rec1")
        assert recording is not None
        return recording

    def recorder(self, number: int = 1) -> Recorder:
        recorder = self.recorders.get(f"rec1.{number}")
        assert recorder is not None
        return recorder
