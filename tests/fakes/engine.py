"""The engine's steps on repositories in memory, a fake Agora, a fake bucket and a clock that tests move."""

from __future__ import annotations

import random

from engine.bucket_checks import BucketChecks
from engine.calls import Calls
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
    def __init__(self) -> None:
        self.posted: list[str] = []
        self.error: SlackRefused | None = None

    def post_card(self, recording: Recording) -> str:
        if self.error is not None:
            raise self.error
        self.posted.append(recording.id)
        return "1.1"


class Engine:
    """A leader's steps on a store in memory."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.memory = Memory()
        self.clock = FakeClock()
        self.agora = FakeAgora()
        self.bucket = FakeBucket(BucketDenied("AccessDenied"))
        self.cards = FakePoster()
        self.recordings = MemoryRecordings(self.memory)
        self.recorders = MemoryRecorders(self.memory)
        self.epoch = MemoryLease(self.memory, "me").hold(self.clock.now(), 1e9) or 0
        self.calls = Calls(self.agora, self.recorders, lambda r: ("folder",), self.clock, random.Random(7))  # noqa: S311
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
        """Every step that comes due in so many seconds."""
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            for work in (self.steps, self.clean):
                for key in [key for key, moment in work.due() if moment <= self.clock.now()]:
                    work.run(key, self.epoch)
            self.clock.passes(0.5)

    def another_leads(self) -> None:
        MemoryLease(self.memory, "me").release(self.clock.now())
        assert MemoryLease(self.memory, "other").hold(self.clock.now(), 15) is not None

    def another_leads_before(self, answer: str) -> str:
        self.another_leads()
        return answer

    def uploads(self, objects: Objects) -> None:
        """What Agora stores, from now on; the bot may look into the bucket."""
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
        found = self.recordings.recording("rec1")
        assert found is not None
        return found

    def recorder(self, number: int = 1) -> Recorder:
        found = self.recorders.get(f"rec1.{number}")
        assert found is not None
        return found
