"""The real bot process between a simulated Slack and a simulated Agora."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import RowMapping, create_engine, text

from simulator.agora import AgoraOptions, AgoraServer, AgoraSimulator, Timing
from simulator.bucket import BucketSimulator
from simulator.slack import Channel, Interaction, Message, SlackServer, SlackSimulator
from tests.system import prefork
from tests.system.closed_bucket import closed_bucket
from tests.system.transports import SlackTransport

ROOT = Path(__file__).parents[2]
TIMING = Timing().scaled(0.05)
COMPRESSED = {
    "QUERY_INTERVAL_SECONDS": "0.4",
    "START_TIMEOUT_SECONDS": "6",
    "FAILOVER_GRACE_SECONDS": "3",
    "RETRY_BACKOFF_SECONDS": "0.1,0.2,0.3",
    "NOTHING_STORED_SECONDS": "2",
    "UNREACHABLE_ALERT_SECONDS": "2",
    "DELIVERY_TIMEOUT_SECONDS": "20",
    "LEASE_SECONDS": "1.5",
    "AGORA_QPS": "100",
    "HTTP_PORT": "0",
    "LOG_LEVEL": "DEBUG",
    "LOG_FORMAT": "json",
}


@dataclass
class Bot:
    """A bot process, started and stopped at will on one database."""

    environment: dict[str, str]
    folder: Path
    cold: bool = False
    """Whether each start is one of the interpreter as well."""
    process: subprocess.Popen[bytes] | prefork.Process | None = None
    _logs: list[Path] = field(default_factory=list)

    def start(self, **settings: str) -> Bot:
        log = self.folder / f"bot-{len(self._logs)}.log"
        self._logs.append(log)
        environment = self.environment | settings
        if not self.cold:
            self.process = prefork.prefork_server().start([], environment, self.folder, log, log)
            return self
        with log.open("wb") as out:
            command = [sys.executable, str(ROOT / "bot.py")]
            self.process = subprocess.Popen(command, env=environment, cwd=self.folder, stdout=out, stderr=out)
        return self

    @property
    def log(self) -> str:
        return "".join(log.read_text() for log in self._logs)

    @property
    def database(self) -> Path:
        """SQLite's file."""
        return self.folder / "recordings.db"

    def rows(self, query: str, **values: object) -> list[RowMapping]:
        """What is written down, read beside the bot."""
        engine = create_engine(self.environment["DATABASE_URL"])
        try:
            with engine.connect() as connection:
                return list(connection.execute(text(query), values).mappings())
        finally:
            engine.dispose()

    def kill(self) -> None:
        """`kill -9`."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Leaves nothing behind."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def stop(self, timeout: float = 15) -> tuple[int, float]:
        """SIGTERM; the exit code and the seconds that it took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout), time.monotonic() - begun
        except subprocess.TimeoutExpired:
            # Where it hangs: PYTHONFAULTHANDLER writes the stacks into the log.
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            pytest.fail(f"still there after {timeout} s:\n{self.log[-8000:]}")


@dataclass
class Stack:
    """Slack, Agora and a bot, with the questions that tests ask."""

    slack_server: SlackServer
    agora: AgoraSimulator
    bot: Bot

    @property
    def slack(self) -> SlackSimulator:
        return self.slack_server.simulator

    def start(self, **settings: str) -> Stack:
        self.bot.start(**settings)
        self.slack_server.wait_connected(timeout=20)
        return self

    def restart(self, **settings: str) -> Stack:
        """Once more, on the same database."""
        self.slack.wait_for(lambda: not self.slack_server.connections, timeout=20, what="the old connection's end")
        return self.start(**settings)

    def room(self, name: str, *people: str) -> str:
        """One more Slack channel; ana and ben are in it, and the bot."""
        self.slack.add_channel(name, [self.slack.person(each) for each in people or ("ana", "ben")])
        return name

    def command(
        self, text: str, *, by: str = "ana", channel: Channel | str = "daily", wait: bool = True
    ) -> Interaction:
        return self.slack.person(by).command("/record", text, channel=channel, wait=wait)

    def press_stop(self, where: Message, *, by: str = "ben", stale: bool = False) -> Interaction:
        return self.slack.person(by).press(where, "stop_recording", stale=stale)

    # What everybody sees

    def cards(self, channel: str = "daily", agora: str | None = None) -> list[Message]:
        cards = [m for m in self.slack.messages(channel) if event(m) == "recording_card"]
        return [m for m in cards if agora in (None, payload(m)["agora_channel"])]

    def alerts(self, channel: str = "daily", *, unwatched: bool = False) -> list[Message]:
        """Every alert; that nobody watched while the bot was killed and restarted only where it is asked for."""
        told = [m for m in self.slack.messages(channel) if event(m) not in ("", "recording_card")]
        return [m for m in told if unwatched or payload(m).get("reason") != "unwatched"]

    def alert_kinds(self, channel: str = "daily") -> list[tuple[str, str]]:
        return [(event(m), str(payload(m).get("reason", ""))) for m in self.alerts(channel)]

    def wait_card(
        self,
        state: str,
        *,
        reason: str | None = None,
        channel: str = "daily",
        agora: str | None = None,
        timeout: float = 20,
    ) -> Message:
        """The newest card, once it shows this state."""

        def shows() -> Message | None:
            cards = self.cards(channel, agora)
            fits = cards and payload(cards[-1])["state"] == state and reason in (None, payload(cards[-1]).get("reason"))
            return cards[-1] if fits else None

        return self._wait(shows, timeout, f"a card in {channel} that shows {state} {reason or ''}")

    def wait_state(self, state: str, timeout: float = 20) -> None:
        """Until that is written down: the card may show it later, since Slack allows few edits."""
        self.slack.wait_for(
            lambda: [row for row in self.bot.rows("SELECT state FROM recordings") if row["state"] == state],
            timeout=timeout,
            what=f"a recording that is {state}",
        )

    def wait_alert(self, kind: str, reason: str, *, channel: str = "daily", timeout: float = 20) -> Message:
        def raised() -> Message | None:
            found = (m for m in self.alerts(channel) if (event(m), payload(m).get("reason")) == (kind, reason))
            return next(found, None)

        return self._wait(raised, timeout, f"{kind} {reason} in {channel}")

    def _wait(self, look: Callable[[], Message | None], timeout: float, what: str) -> Message:
        found = self.slack.wait_for(look, timeout=timeout, what=what)
        assert found is not None
        return found

    # What happens at Agora

    def wait_agora(self, predicate: Callable[[AgoraSimulator], Any], timeout: float = 20) -> Any:
        return self.agora.wait_for(predicate, timeout=timeout)

    def recording(self, name: str = "daily", *, channel: str = "daily", people: int = 1) -> Message:
        """Somebody is in the call and it is being recorded, with a first file stored."""
        for number in range(people):
            self.agora.join(name, 1000 + number)
        self.command(f"start {name}", channel=channel)
        return self.wait_red(name, channel=channel)

    def record_many(self, calls: int, timeout: float = 90) -> None:
        """`call0`, `call1`, … are being recorded, ten in each of `room0`, `room1`, …"""
        for room in range(0, calls, 10):
            self.room(f"room{room // 10}")
        for number in range(calls):
            self.agora.join(f"call{number}", 1000 + number)
            self.command(f"start call{number}", channel=f"room{number // 10}")
        self.agora.wait_for(lambda sim: len(sim.running()) == calls, timeout=timeout)

    def wait_red(self, name: str = "daily", *, channel: str = "daily") -> Message:
        """The card, once it shows that a file is stored."""
        return self._wait(
            lambda: next((m for m in self.cards(channel, name)[-1:] if m.text.startswith("🔴")), None),
            20,
            f"a first file of {name}",
        )

    def undelivered(self, channel: str | None = None) -> int:
        """Alerts that are written down, and not yet marked as being in Slack."""
        waiting = self.bot.rows("SELECT slack_channel FROM outbox WHERE done_at IS NULL")
        place = None if channel is None else self.slack.workspace.channel(channel).id
        return sum(place in (None, row["slack_channel"]) for row in waiting)

    def queries(self, channel: str | None = None) -> int:
        return len(self.agora.requests("query", channel=channel))

    def after_queries(self, more: int, channel: str | None = None, timeout: float = 30) -> None:
        """Waits until the bot has asked Agora for so many more answers."""
        wanted = self.queries(channel) + more
        self.agora.wait_for(lambda sim: len(sim.requests("query", channel=channel)) >= wanted, timeout=timeout)


def event(message: Message) -> str:
    return message.event_type or ""


def payload(message: Message) -> dict[str, Any]:
    return message.event_payload


def states(card: Message) -> list[str]:
    """Every state that a card showed, in order."""
    shown = [version.metadata for version in card.edits] + [card.metadata]
    every = [str(metadata["event_payload"]["state"]) for metadata in shown if metadata]
    return [state for state, before in zip(every, ["", *every], strict=False) if state != before]


def words(interaction: Interaction) -> str:
    """What the person read in answer."""
    assert interaction.acknowledged, interaction.error
    assert all(message.ephemeral_to == interaction.user.id for message in interaction.answers)
    return "\n".join(message.said for message in interaction.answers)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def agora_options() -> dict[str, Any]:
    """Another kind of Agora: tests parametrize this."""
    return {}


@pytest.fixture
def bucket() -> BucketSimulator | None:
    """Tests of the files have one; for the others it is enough that nobody may look."""
    return None


@pytest.fixture
def agora(agora_options: dict[str, Any], bucket: BucketSimulator | None) -> Iterator[AgoraSimulator]:
    options = AgoraOptions(**{"timing": TIMING, "qps": 1000, **agora_options})
    with AgoraServer(AgoraSimulator(options, bucket=bucket)) as server:
        yield server.simulator


@pytest.fixture
def slack_server() -> Iterator[SlackServer]:
    with SlackServer() as server:
        server.simulator.seed()
        yield server


@pytest.fixture
def slack(slack_server: SlackServer) -> SlackSimulator:
    return slack_server.simulator


def environment_for(
    slack: SlackSimulator, agora: AgoraSimulator, folder: Path, database_url: str | None = None
) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "PYTHONPATH", "TMPDIR")}
    database = {"DATABASE_URL": database_url or f"sqlite:///{folder / 'recordings.db'}"}
    inherited["PYTHONFAULTHANDLER"] = "1"
    storage = {} if "STORAGE_ENDPOINT" in agora.settings else closed_bucket()
    given = {k: str(v) for k, v in (agora.settings | slack.settings | storage).items()}
    return inherited | given | COMPRESSED | database


ON_BOTH = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("replicas"))], indirect=True
)
"""On each database, whatever `--database` says."""


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the bot writes things down: as the test or else `--database` says."""
    kind = getattr(request, "param", request.config.getoption("--database"))
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'recordings.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def on_sqlite(request: pytest.FixtureRequest) -> None:
    """For tests that lay hands on SQLite's file."""
    if request.config.getoption("--database") != "sqlite":
        pytest.skip("lays hands on SQLite's file")


@pytest.fixture
def stack(
    request: pytest.FixtureRequest, slack_server: SlackServer, agora: AgoraSimulator, tmp_path: Path, database_url: str
) -> Iterator[Stack]:
    cold = request.node.get_closest_marker("cold") is not None
    bot = Bot(environment_for(slack_server.simulator, agora, tmp_path, database_url), tmp_path, cold)
    yield Stack(slack_server, agora, bot)
    bot.end()


@pytest.fixture
def transport(stack: Stack, transport_kind: str, port: int) -> SlackTransport:
    return SlackTransport(stack, transport_kind, port)
