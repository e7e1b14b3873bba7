"""The deliveries on repositories and a Slack in memory, in one thread, on a clock that moves when a test says so."""

from __future__ import annotations

from datetime import datetime

from engine.dispatcher import Work
from messages.blocks import Message
from messages.delivery.alerts import AlertDelivery
from messages.delivery.cards import CardDelivery, CardPoster
from messages.delivery.deliverer import Deliverer
from messages.delivery.limits import SlackLimits
from messages.delivery.replies import ReplyDelivery
from messages.delivery.resolutions import ResolutionDelivery
from messages.delivery.timeline import TimelineDelivery
from recordings.errors import SlackBusy
from recordings.lifecycle.actions import Change
from recordings.model.alerts import Alert
from recordings.model.recording import Recording
from tests.fakes.outboxes import MemoryOutbox, MemoryTimeline
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecordings
from tests.fakes.rows import FakeClock, an_alert, changed
from tests.fakes.slack import MESSAGE_CONFIG, FakeSlack, Post

BUSY = SlackBusy("fatal_error")


class DeliveryStack:
    """Every kind of delivery, and an engine that runs what is due while the clock moves."""

    def __init__(self) -> None:
        self.memory = memory = Memory()
        self.clock = clock = FakeClock()
        self.recordings = MemoryRecordings(memory)
        self.epoch = MemoryLease(memory, "engine").hold(clock.now(), 1e9) or 0
        self.slack = slack = FakeSlack(clock)
        limits = SlackLimits(clock)
        self.poster = CardPoster(slack, limits, clock, MESSAGE_CONFIG)
        self.cards: Work = Deliverer(CardDelivery(self.recordings, self.poster))
        self.outbox = MemoryOutbox(memory)
        self.alerts: Work = Deliverer(AlertDelivery(self.outbox, slack, limits, clock, MESSAGE_CONFIG))
        self.resolutions: Work = Deliverer(ResolutionDelivery(self.outbox, slack, limits, clock, MESSAGE_CONFIG))
        self.timeline: Work = Deliverer(TimelineDelivery(MemoryTimeline(memory), slack, limits, clock))
        self.replies: Work = Deliverer(ReplyDelivery(self.recordings, slack, lambda: "recorder", clock))

    def add(self, recording: Recording, response_url: str | None = None) -> Recording:
        """Adds a recording. If it has a card, that is posted and shows the row."""
        assert self.recordings.add_recording(recording, response_url) is None
        if recording.card_ts is not None:
            ts = self.slack.post(recording.slack_channel, Message("card"))
            self.recordings.mark_card_drawn(recording.id, 1, ts, self.clock.now(), self.epoch)
        return self.row(recording.id)

    def row(self, recording_id: str = "rec1") -> Recording:
        recording = self.recordings.recording(recording_id)
        assert recording is not None
        return recording

    def change(self, recording_id: str = "rec1", *, alerts: tuple[Alert, ...] = (), **facts: object) -> None:
        before = self.row(recording_id)
        after = changed(before, **facts)
        self.recordings.save(before, Change(after, alerts=alerts), self.epoch, self.clock.now())

    def raise_alert(self, recording: Recording, **facts: object) -> None:
        self.change(recording.id, alerts=(an_alert(recording, raised_at=self.clock.now(), **facts),))

    def due(self, work: Work) -> list[tuple[str, datetime]]:
        return list(work.due())

    def run(self, *works: Work) -> None:
        """Runs everything that is due now, once."""
        for work in works:
            for key in [key for key, moment in work.due() if moment <= self.clock.now()]:
                work.run(key, self.epoch)

    def run_for(self, seconds: float, *works: Work) -> None:
        for _ in range(round(seconds * 10)):
            self.run(*works)
            self.clock.passes(0.1)

    @property
    def card(self) -> Post:
        ts = self.row().card_ts
        assert ts is not None
        return self.slack.posts[ts]

    def posted(self, channel: str = "C1") -> list[Post]:
        """The posts in this channel, except the card."""
        return [post for post in self.slack.in_channel(channel) if post.message.text != "card"]
