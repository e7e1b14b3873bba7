"""A whole bot in one thread, between the real simulators, on a clock that jumps to what is due next.

Handlers, services, engine and Agora's client are the ones that `composition` builds, with default settings. What is
replaced is the network, the database (a store in memory that passes the same contract) and the passing of time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import settings
from recordings.model.audit import AuditEvent
from recordings.model.recording import Recording
from recordings.repositories import LeaseRepository, Repositories
from simulator.agora import AgoraSimulator
from simulator.bucket import BucketSimulator
from simulator.changes import Change
from simulator.clock import ManualClock
from simulator.slack import Ack, Channel, Delivery, Interaction, Message, SlackSimulator, View
from storage.database import Database
from storage.lease import Lease
from storage.notifications import Notifications
from storage.repositories import repositories_in
from tests.fakes.outboxes import repositories_of
from tests.fakes.read_messages import event as event
from tests.fakes.read_messages import payload as payload
from tests.fakes.read_messages import states as states
from tests.fakes.read_messages import words as words
from tests.fakes.repositories import Memory, MemoryLease
from tests.scenarios.adapters import BotClock, InProcessBucket
from tests.scenarios.bot import InProcessBot

T = TypeVar("T")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LOOK_SECONDS = 0.5
"""The simulators change by themselves between two due rows; they are looked at this often."""
PATIENCE = 600.0
"""Simulated seconds that a scenario waits for something, where it does not say otherwise."""


class Storage(Protocol):
    """Where a bot keeps its rows; what one bot wrote, the next one finds."""

    def repositories(self, clock: BotClock) -> Repositories: ...
    def lease(self, replica: str) -> LeaseRepository: ...


class InMemory:
    """The store in memory."""

    def __init__(self) -> None:
        self.memory = Memory()

    def repositories(self, clock: BotClock) -> Repositories:
        return repositories_of(self.memory, clock)

    def lease(self, replica: str) -> LeaseRepository:
        return MemoryLease(self.memory, replica)


@dataclass(frozen=True, slots=True)
class InDatabase:
    """SQLite or PostgreSQL, with its tables."""

    database: Database

    def repositories(self, clock: BotClock) -> Repositories:
        return replace(repositories_in(self.database), notifications=Notifications(self.database, clock.now))

    def lease(self, replica: str) -> LeaseRepository:
        return Lease(self.database, replica)


class Stack:
    """Slack, Agora, a bucket and a bot. Time passes in `run_for` and in every `wait_…`."""

    def __init__(
        self,
        slack: SlackSimulator,
        agora: AgoraSimulator,
        bucket: BucketSimulator | None,
        clock: ManualClock,
        storage: Storage | None = None,
    ) -> None:
        self.slack = slack
        self.agora = agora
        self.clock = clock
        self.storage: Storage = storage or InMemory()
        self.bucket = InProcessBucket(bucket, clock)
        self.rng = random.Random(1)  # noqa: S311 - every run of a scenario is the same
        self._bot: InProcessBot | None = None
        self.database_fails = False
        """Whether a scenario makes the database fail; without it, a failure fails the scenario."""
        self.changed = True
        """Whether something happened outside since the bot last looked for what is due."""
        slack.subscribe(self._note_change)
        agora.subscribe(self._note_change)
        if bucket is not None:
            bucket.subscribe(self._note_change)

    def _note_change(self, change: Change) -> None:
        del change
        self.changed = True

    # The bot

    def start(self, **given: str) -> Stack:
        """Starts the bot; settings in capital letters. Started once more it finds what is in the memory."""
        environment = {name: str(value) for name, value in (self.agora.settings | self.slack.settings).items()}
        storage = (
            {} if "STORAGE_ENDPOINT" in environment else {"STORAGE_VENDOR": "s3", "STORAGE_ENDPOINT": "s3.invalid"}
        )
        config = settings.load(environment | storage | given, env_file="no such file")
        self._bot = InProcessBot(config, self)
        self.changed = True
        self.slack.connect(self._bot.deliver)
        return self

    def stop(self) -> None:
        """The process ends as by `kill -9`: what it had written stays."""
        self.slack.connect(_nobody)
        self._bot = None

    def restart(self, **given: str) -> Stack:
        """After `kill -9`, on the same database."""
        self.stop()
        return self.start(**given)

    @property
    def bot(self) -> InProcessBot:
        assert self._bot is not None, "the bot is not running"
        return self._bot

    @property
    def repositories(self) -> Repositories:
        return self.bot.repositories

    def row(self, agora_channel: str = "daily", *, channel: str = "daily") -> Recording:
        """The newest recording of this call, as it is stored."""
        slack_channel = self.slack.workspace.channel(channel).id
        (row,) = self.repositories.recordings.of_channel(slack_channel, agora_channel=agora_channel, limit=1)
        return row

    def rows(self, channel: Channel | str = "daily") -> list[Recording]:
        """Every recording of this Slack channel, newest first."""
        return list(self.repositories.recordings.of_channel(self.slack.workspace.channel(channel).id, limit=1000))

    def every_row(self) -> list[Recording]:
        """The recordings of all Slack channels."""
        return [row for channel in self.slack.workspace.channels.values() for row in self.rows(channel)]

    def audit(self) -> list[AuditEvent]:
        """Who did what, oldest first."""
        return [audit_event for audit_event, _ in self.repositories.audit_log.between(_LONG_AGO)]

    # Time

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.wall(), UTC)

    def run_for(self, seconds: float) -> None:
        """Lets so many seconds pass."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self._run_due()
            self.clock.advance(min(LOOK_SECONDS, until - self.clock.now))
        self._run_due()

    def wait_for(self, predicate: Callable[[], T], timeout: float = PATIENCE, what: str = "") -> T:
        """Lets time pass until the predicate is true; its value. Fails after `timeout` simulated seconds."""
        deadline = self.clock.now + timeout
        while True:
            self._run_due()
            if value := predicate():
                return value
            assert self.clock.now < deadline, f"not within {timeout:g} s: {what or 'what is awaited'}"
            self.clock.advance(LOOK_SECONDS)

    def _run_due(self) -> None:
        if self._bot is not None:
            self._bot.run_due()

    @contextmanager
    def database_failing(self) -> Iterator[None]:
        """Meanwhile a step may fail because the database does; as in a process, it is tried again."""
        self.database_fails = True
        yield
        self.database_fails = False

    def failing_parts(self) -> set[str]:
        """The parts that `/readyz` reports as failing."""
        answer = self.bot.web.get("/readyz")
        failing = {name for name, state in (answer.json or {}).items() if state != "ok"}
        assert answer.status_code == (503 if failing else 200)
        return failing

    def wait_failing(self, *parts: str) -> None:
        self.wait_for(lambda: self.failing_parts() == {*parts}, what=f"{parts or 'nothing'} failing in /readyz")

    def meanwhile(self, operation: str, happens: Callable[[], object]) -> None:
        """Once, while the next call of this operation (`start`, `query`, …) is under way."""
        self.bot.transport.meanwhile[operation] = happens

    def kill_during(self, operation: str, happens: Callable[[], object] = bool) -> None:
        """`kill -9` while the next call of this operation, after something `happens`, is on its way to Agora.

        Agora never gets that call; the bot is started again.
        """

        def die() -> None:
            raise _Killed

        self.meanwhile(operation, die)
        with suppress(_Killed):
            happens()
            self.wait_for(lambda: False, what=f"a call of {operation}")
        self.restart()

    # What people do

    def room(self, name: str, *people: str) -> str:
        """One more Slack channel, with the bot, and with ana and ben unless others are named."""
        self.slack.add_channel(name, [self.slack.person(each) for each in people or ("ana", "ben")])
        return name

    def command(self, text: str, *, by: str = "ana", channel: Channel | str = "daily") -> Interaction:
        """Somebody types `/record …`; what follows at once has been done when this returns."""
        interaction = self.slack.person(by).command("/record", text, channel=channel)
        self._run_due()
        return interaction

    def press(self, where: Message, action: str, *, by: str = "ben", **how: Any) -> Interaction:
        interaction = self.slack.person(by).press(where, action, **how)
        self._run_due()
        return interaction

    def choose(self, where: Message, action: str, value: str, *, by: str = "ben", **how: Any) -> Interaction:
        interaction = self.slack.person(by).choose(where, action, value, **how)
        self._run_due()
        return interaction

    def open_form(self, *, by: str = "ana", channel: Channel | str = "daily") -> View:
        """Somebody types `/record` alone; the form that opens."""
        before = self.slack.person(by).modal
        interaction = self.command("", by=by, channel=channel)
        assert words(interaction) == ""
        view = self.slack.person(by).modal
        assert view is not None
        assert view is not before
        return view

    def submit(self, view: View, *, by: str = "ana", **values: Any) -> Interaction:
        """Somebody fills in these fields of the form and sends it."""
        interaction = self.slack.person(by).submit(view, values)
        self._run_due()
        return interaction

    def answer(self, interaction: Interaction) -> str:
        """What the person who pressed reads, once it is there."""
        self.wait_for(lambda: interaction.answers, what="an answer to the person")
        return words(interaction)

    def press_stop(self, where: Message, *, by: str = "ben", **how: Any) -> Interaction:
        return self.press(where, "stop_recording", by=by, **how)

    def recording(self, name: str = "daily", *, channel: str = "daily", people: int = 1) -> Message:
        """Somebody is in the call and it is being recorded, with a first file stored; its card."""
        for number in range(people):
            self.agora.join(name, 1000 + number)
        self.command(f"start {name}", channel=channel)
        return self.wait_red(name, channel=channel)

    def record(self, *names: str) -> None:
        """Each call is recorded in a Slack channel of its own with the same name."""
        for name in names:
            self.room(name)
            self.agora.join(name, 1001)
            self.command(f"start {name}", channel=name)
        for name in names:
            self.wait_red(name, channel=name)

    # What everybody sees

    def thread_lines(self, text: str, channel: str = "daily") -> list[Message]:
        """Messages without metadata that contain this text: timeline entries."""
        return [message for message in self.slack.messages(channel) if not event(message) and text in message.text]

    def cards(self, channel: str = "daily", agora: str | None = None) -> list[Message]:
        cards = [message for message in self.slack.messages(channel) if event(message) == "recording_card"]
        return [card for card in cards if agora in (None, payload(card)["agora_channel"])]

    def alerts(self, channel: str = "daily") -> list[Message]:
        return [message for message in self.slack.messages(channel) if event(message) not in ("", "recording_card")]

    def alert_kinds(self, channel: str = "daily") -> list[tuple[str, str]]:
        return [(event(alert), str(payload(alert).get("reason", ""))) for alert in self.alerts(channel)]

    def wait_card(
        self,
        state: str,
        *,
        reason: str | None = None,
        channel: str = "daily",
        agora: str | None = None,
        timeout: float = PATIENCE,
    ) -> Message:
        """The newest card, once it shows this state."""

        def shown() -> Message | None:
            cards = self.cards(channel, agora)
            fits = cards and payload(cards[-1])["state"] == state and reason in (None, payload(cards[-1]).get("reason"))
            return cards[-1] if fits else None

        return self._wait(shown, timeout, f"a card in {channel} that shows {state} {reason or ''}")

    def wait_state(self, state: str, agora_channel: str = "daily", *, channel: str = "daily") -> Recording:
        """The newest recording of this call, once its row has this state: the card may show it later."""

        def row() -> Recording | None:
            rows = self.rows(channel)
            return next((row for row in rows if row.agora_channel == agora_channel and row.state == state), None)

        recording = self.wait_for(row, what=f"a recording of {agora_channel} that is {state}")
        assert recording is not None
        return recording

    def undelivered(self) -> int:
        """Alerts that are stored, and not yet marked as being in Slack."""
        return self.repositories.alerts.depth()[0]

    def wait_red(self, name: str = "daily", *, channel: str = "daily") -> Message:
        """The card, once it shows that a file is stored."""
        return self._wait(
            lambda: next((card for card in self.cards(channel, name)[-1:] if card.text.startswith("🔴")), None),
            PATIENCE,
            f"a first file of {name}",
        )

    def wait_alert(self, kind: str, reason: str, *, channel: str = "daily", timeout: float = PATIENCE) -> Message:
        def raised() -> Message | None:
            alerts = (
                alert
                for alert in self.alerts(channel)
                if (event(alert), payload(alert).get("reason")) == (kind, reason)
            )
            return next(alerts, None)

        return self._wait(raised, timeout, f"{kind} {reason} in {channel}")

    def _wait(self, look: Callable[[], Message | None], timeout: float, what: str) -> Message:
        message = self.wait_for(look, timeout, what)
        assert message is not None
        return message

    # What happens at Agora

    def wait_agora(self, predicate: Callable[[AgoraSimulator], T], timeout: float = PATIENCE) -> T:
        return self.wait_for(lambda: predicate(self.agora), timeout)

    def queries(self, channel: str | None = None) -> int:
        return len(self.agora.requests("query", channel=channel))

    def after_queries(self, more: int, channel: str | None = None) -> None:
        """Waits until the bot has sent so many more queries."""
        wanted = self.queries(channel) + more
        self.wait_for(lambda: self.queries(channel) >= wanted, what=f"{more} more queries")


class _Killed(BaseException):
    """The process is gone."""


def _nobody(delivery: Delivery) -> Ack | None:
    raise ConnectionError("no bot is running")
