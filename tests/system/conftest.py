"""The real bot process between a simulated Slack and a simulated Agora."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from simulator.agora import AgoraSimulator, Timing
from simulator.slack import SlackSimulator
from simulator.slack.world import Message

ROOT = Path(__file__).parents[2]
TIMING = Timing().scaled(0.05)
COMPRESSED = {
    "QUERY_INTERVAL_SECONDS": "0.4",
    "START_TIMEOUT_SECONDS": "6",
    "FAILOVER_GRACE_SECONDS": "3",
    "RETRY_BACKOFF_SECONDS": "0.1,0.2,0.3",
    "NOTHING_STORED_SECONDS": "2",
    "UNREACHABLE_ALERT_SECONDS": "2",
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
    process: subprocess.Popen[bytes] | None = None
    _logs: list[Path] = field(default_factory=list)

    def start(self, **settings: str) -> Bot:
        log = self.folder / f"bot-{len(self._logs)}.log"
        self._logs.append(log)
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "bot.py")],
                env=self.environment | settings,
                cwd=self.folder,
                stdout=stderr,
                stderr=stderr,
            )
        return self

    @property
    def log(self) -> str:
        return "".join(log.read_text() for log in self._logs)

    @property
    def database(self) -> Path:
        return self.folder / "recordings.db"

    def kill(self) -> None:
        """`kill -9`."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, timeout: float = 15) -> tuple[int, float]:
        """SIGTERM; the exit code and the seconds that it took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout), time.monotonic() - begun


@dataclass
class Office:
    """Slack, Agora and a bot, with the questions that tests ask."""

    slack: SlackSimulator
    agora: AgoraSimulator
    bot: Bot

    def start(self, **settings: str) -> Office:
        self.bot.start(**settings)
        self.slack.wait_connected(timeout=20)
        return self

    def restart(self, **settings: str) -> Office:
        before = len(self.slack.connections)
        self.bot.start(**settings)
        self.slack.wait_for(lambda: len(self.slack.connections) > before or self._live(), timeout=20)
        return self

    def _live(self) -> bool:
        return any(connection.open for connection in self.slack.connections)

    def command(self, text: str, *, by: str = "ana", channel: str = "daily") -> Any:
        return self.slack.person(by).command("/record", text, channel=channel)

    def cards(self, channel: str = "daily") -> list[Message]:
        return self._of("recording_card", channel)

    def alerts(self, channel: str = "daily") -> list[Message]:
        return [m for m in self.slack.messages(channel) if _event(m) not in ("", "recording_card")]

    def alert_kinds(self, channel: str = "daily") -> list[tuple[str, str]]:
        return [(_event(m), str(_payload(m).get("reason", ""))) for m in self.alerts(channel)]

    def _of(self, event_type: str, channel: str) -> list[Message]:
        return [m for m in self.slack.messages(channel) if _event(m) == event_type]

    def wait_card(
        self, state: str, *, reason: str | None = None, channel: str = "daily", timeout: float = 15
    ) -> Message:
        """The newest card, once it shows this state."""

        def shows() -> Message | None:
            cards = self.cards(channel)
            if not cards:
                return None
            payload = _payload(cards[-1])
            fits = payload.get("state") == state and reason in (None, payload.get("reason"))
            return cards[-1] if fits else None

        return self.slack.wait_for(shows, timeout=timeout, what=f"a card that shows {state} {reason or ''}")  # type: ignore[return-value]

    def wait_alert(self, kind: str, reason: str, *, channel: str = "daily", timeout: float = 15) -> Message:
        def raised() -> Message | None:
            for message in self.alerts(channel):
                if _event(message) == kind and _payload(message).get("reason") == reason:
                    return message
            return None

        return self.slack.wait_for(raised, timeout=timeout, what=f"{kind} {reason}")  # type: ignore[return-value]

    def wait_agora(self, predicate: Callable[[AgoraSimulator], Any], timeout: float = 15) -> Any:
        return self.agora.wait_for(predicate, timeout=timeout)

    def recording(self, name: str = "daily", *, channel: str = "daily", people: int = 1) -> Message:
        """Somebody is in the call and it is being recorded, with a first file stored."""
        for number in range(people):
            self.agora.join(name, 1000 + number)
        self.command(f"start {name}", channel=channel)
        self.wait_card("recording", channel=channel)
        self.slack.wait_for(
            lambda: any("first file" in str(m.blocks) for m in self.cards(channel)), timeout=15, what="a first file"
        )
        return self.cards(channel)[-1]

    def queries(self) -> int:
        return len(self.agora.requests("query"))

    def after_queries(self, more: int, timeout: float = 20) -> None:
        """Waits until the bot has asked Agora for so many more answers."""
        wanted = self.queries() + more
        self.agora.wait_for(lambda sim: len(sim.requests("query")) >= wanted, timeout=timeout)


def _event(message: Message) -> str:
    return str((message.metadata or {}).get("event_type", ""))


def _payload(message: Message) -> dict[str, Any]:
    return dict((message.metadata or {}).get("event_payload", {}))


@pytest.fixture
def agora() -> Iterator[AgoraSimulator]:
    with AgoraSimulator(timing=TIMING, qps=1000) as simulator:
        yield simulator


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    simulator = SlackSimulator()
    simulator.start()
    simulator.seed()
    yield simulator
    simulator.stop()


def environment_for(slack: SlackSimulator, agora: AgoraSimulator, folder: Path) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "PYTHONPATH", "TMPDIR")}
    database = {"DATABASE_URL": f"sqlite:///{folder / 'recordings.db'}"}
    return inherited | {k: str(v) for k, v in (agora.settings | slack.settings).items()} | COMPRESSED | database


@pytest.fixture
def office(slack: SlackSimulator, agora: AgoraSimulator, tmp_path: Path) -> Iterator[Office]:
    bot = Bot(environment_for(slack, agora, tmp_path), tmp_path)
    yield Office(slack, agora, bot)
    if bot.process is not None and bot.process.poll() is None:
        bot.process.kill()
        bot.process.wait()
