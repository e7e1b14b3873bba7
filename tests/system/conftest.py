"""Fixtures for the real bot process between a simulated Slack and a simulated Agora."""

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
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from sqlalchemy import RowMapping, create_engine, text

from simulator.agora import AgoraOptions, AgoraServer, AgoraSimulator, Timing
from simulator.bucket import BucketSimulator
from simulator.slack import Channel, Interaction, Message, SlackServer, SlackSimulator
from tests.fakes.read_messages import event as event
from tests.fakes.read_messages import payload as payload
from tests.fakes.read_messages import states as states
from tests.fakes.read_messages import words as words
from tests.system import prefork
from tests.system.closed_bucket import closed_bucket

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
    """A bot process that a test starts and stops, each time on the same database."""

    environment: dict[str, str]
    folder: Path
    cold: bool = False
    """Start a new interpreter instead of forking from the prefork server."""
    process: subprocess.Popen[bytes] | prefork.ForkedBot | None = None
    _logs: list[Path] = field(default_factory=list)

    def start(self, **settings: str) -> Bot:
        log = self.folder / f"bot-{len(self._logs)}.log"
        log.touch()  # A forked bot opens it only later, and a test may read it before.
        self._logs.append(log)
        environment = self.environment | settings
        if not self.cold:
            self.process = prefork.server().start([], environment, self.folder, log, log)
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
        """The SQLite file."""
        return self.folder / "recordings.db"

    def rows(self, query: str, **values: object) -> list[RowMapping]:
        """The result of a query, over a connection of its own."""
        engine = create_engine(self.environment["DATABASE_URL"])
        try:
            with engine.connect() as connection:
                return list(connection.execute(text(query), values).mappings())
        finally:
            engine.dispose()

    def kill(self) -> None:
        """Sends SIGKILL and waits for the exit."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Kills the process if it is still running."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def stop(self, timeout: float = 15) -> tuple[int, float]:
        """Sends SIGTERM. Returns the exit code and the seconds until the exit."""
        assert self.process is not None
        sent_at = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout), time.monotonic() - sent_at
        except subprocess.TimeoutExpired:
            # PYTHONFAULTHANDLER makes SIGABRT write the stacks of the hanging process to the log.
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            pytest.fail(f"still there after {timeout} s:\n{self.log[-8000:]}")


@dataclass
class Stack:
    """Simulated Slack and Agora with a bot between them, and the queries that tests need."""

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

    def start_over_http(self, port: int, **settings: str) -> Stack:
        """Starts the bot in HTTP mode: Slack posts its requests to this port."""

        def is_ready() -> bool:
            try:
                with urlopen(f"http://127.0.0.1:{port}/readyz") as response:
                    return bool(response.status == 200)
            except (URLError, ConnectionError):
                return False

        self.bot.start(SLACK_APP_TOKEN="", HTTP_PORT=str(port), **settings)
        self.slack.wait_for(is_ready, timeout=20, what="a bot that is ready")
        self.slack_server.use_http(f"http://127.0.0.1:{port}/slack/events")
        return self

    def restart(self, **settings: str) -> Stack:
        """Starts the bot again after it ended, on the same database."""
        self.slack.wait_for(lambda: not self.slack_server.connections, timeout=20, what="the old connection's end")
        return self.start(**settings)

    def room(self, name: str, *people: str) -> str:
        """Adds a Slack channel with these people (ana and ben by default) and the bot."""
        self.slack.add_channel(name, [self.slack.person(person) for person in people or ("ana", "ben")])
        return name

    def command(
        self, text: str, *, by: str = "ana", channel: Channel | str = "daily", wait: bool = True
    ) -> Interaction:
        return self.slack.person(by).command("/record", text, channel=channel, wait=wait)

    def press_stop(self, where: Message, *, by: str = "ben", stale: bool = False) -> Interaction:
        return self.slack.person(by).press(where, "stop_recording", stale=stale)

    # Messages in Slack

    def cards(self, channel: str = "daily", agora: str | None = None) -> list[Message]:
        cards = [m for m in self.slack.messages(channel) if event(m) == "recording_card"]
        return [m for m in cards if agora in (None, payload(m)["agora_channel"])]

    def alerts(self, channel: str = "daily", *, unwatched: bool = False) -> list[Message]:
        """Every alert. Only with `unwatched` also the warnings that nobody watched while the bot was restarted."""
        alerts = [m for m in self.slack.messages(channel) if event(m) not in ("", "recording_card")]
        return [m for m in alerts if unwatched or payload(m).get("reason") != "unwatched"]

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
        """Waits until the newest card shows this state."""

        def shows() -> Message | None:
            cards = self.cards(channel, agora)
            matches = (
                cards and payload(cards[-1])["state"] == state and reason in (None, payload(cards[-1]).get("reason"))
            )
            return cards[-1] if matches else None

        return self._wait(shows, timeout, f"a card in {channel} that shows {state} {reason or ''}")

    def wait_state(self, state: str, timeout: float = 20) -> None:
        """Waits until the database has this state. The card may show it later, because Slack limits edits."""
        self.slack.wait_for(
            lambda: [row for row in self.bot.rows("SELECT state FROM recordings") if row["state"] == state],
            timeout=timeout,
            what=f"a recording that is {state}",
        )

    def wait_alert(self, kind: str, reason: str, *, channel: str = "daily", timeout: float = 20) -> Message:
        def raised() -> Message | None:
            alerts = (m for m in self.alerts(channel) if (event(m), payload(m).get("reason")) == (kind, reason))
            return next(alerts, None)

        return self._wait(raised, timeout, f"{kind} {reason} in {channel}")

    def _wait(self, find: Callable[[], Message | None], timeout: float, what: str) -> Message:
        message = self.slack.wait_for(find, timeout=timeout, what=what)
        assert message is not None
        return message

    # Calls and recorders at Agora

    def wait_agora(self, predicate: Callable[[AgoraSimulator], Any], timeout: float = 20) -> Any:
        return self.agora.wait_for(predicate, timeout=timeout)

    def recording(self, name: str = "daily", *, channel: str = "daily", people: int = 1) -> Message:
        """Records a call with people in it, and waits until a first file is stored."""
        for number in range(people):
            self.agora.join(name, 1000 + number)
        self.command(f"start {name}", channel=channel)
        return self.wait_red(name, channel=channel)

    def record_many(self, calls: int, timeout: float = 90) -> None:
        """Records `call0`, `call1`, …: ten calls in each of the Slack channels `room0`, `room1`, …"""
        for room in range(0, calls, 10):
            self.room(f"room{room // 10}")
        for number in range(calls):
            self.agora.join(f"call{number}", 1000 + number)
            self.command(f"start call{number}", channel=f"room{number // 10}")
        self.agora.wait_for(lambda sim: len(sim.running()) == calls, timeout=timeout)

    def wait_red(self, name: str = "daily", *, channel: str = "daily") -> Message:
        """Waits until the card shows that a file is stored."""
        return self._wait(
            lambda: next((m for m in self.cards(channel, name)[-1:] if m.text.startswith("🔴")), None),
            20,
            f"a first file of {name}",
        )

    def undelivered(self, channel: str | None = None) -> int:
        """The number of alerts in the outbox that are not yet marked as delivered."""
        waiting = self.bot.rows("SELECT slack_channel FROM outbox WHERE done_at IS NULL")
        channel_id = None if channel is None else self.slack.workspace.channel(channel).id
        return sum(channel_id in (None, row["slack_channel"]) for row in waiting)

    def queries(self, channel: str | None = None) -> int:
        return len(self.agora.requests("query", channel=channel))

    def after_queries(self, more: int, channel: str | None = None, timeout: float = 30) -> None:
        """Waits until the bot has sent this many more queries."""
        expected = self.queries(channel) + more
        self.agora.wait_for(lambda sim: len(sim.requests("query", channel=channel)) >= expected, timeout=timeout)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def agora_options() -> dict[str, Any]:
    """Options of the Agora simulator; tests override this or parametrize it."""
    return {}


@pytest.fixture
def bucket() -> BucketSimulator | None:
    """Tests of files override this. The other tests get a storage that denies every request."""
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
    settings = {k: str(v) for k, v in (agora.settings | slack.settings | storage).items()}
    return inherited | settings | COMPRESSED | database


ON_BOTH = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("replicas"))], indirect=True
)
"""Runs a test on both databases, regardless of `--database`."""
ON_SQLITE_AND_IN_SOAK_ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("postgresql", marks=[pytest.mark.soak, pytest.mark.xdist_group("replicas")])],
    indirect=True,
)
"""Runs a heavy test on both databases, but in `make test` only on the one with a single writer."""


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of the bot's database: of the kind that the test is parametrized with, or else `--database`."""
    kind = getattr(request, "param", request.config.getoption("--database"))
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'recordings.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def on_sqlite(request: pytest.FixtureRequest) -> None:
    """Skips tests that access SQLite's file on other databases."""
    if request.config.getoption("--database") != "sqlite":
        pytest.skip("accesses SQLite's file")


@pytest.fixture
def stack(
    request: pytest.FixtureRequest, slack_server: SlackServer, agora: AgoraSimulator, tmp_path: Path, database_url: str
) -> Iterator[Stack]:
    cold = request.node.get_closest_marker("cold") is not None
    bot = Bot(environment_for(slack_server.simulator, agora, tmp_path, database_url), tmp_path, cold)
    yield Stack(slack_server, agora, bot)
    bot.end()
