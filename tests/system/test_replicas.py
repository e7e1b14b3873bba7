"""Several replicas on one PostgreSQL: one leads, and another takes over if it dies or hangs."""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from simulator.agora import AgoraSimulator
from simulator.slack import SlackServer
from tests.conftest import Server
from tests.system.conftest import Bot, Stack, environment_for, payload

pytestmark = pytest.mark.xdist_group("replicas")
INTERVAL, LEASE = 1.0, 2.0
SETTINGS = {
    "QUERY_INTERVAL_SECONDS": str(INTERVAL),
    "LEASE_SECONDS": str(LEASE),
    "AGORA_QPS": "500",
    "LOG_LEVEL": "INFO",
}


@dataclass
class Replicas:
    """Several bots on one database."""

    stack: Stack
    database_url: str
    folder: Path
    bots: list[Bot] = field(default_factory=list)

    def add(self, **settings: str) -> Bot:
        folder = self.folder / f"replica-{len(self.bots)}"
        folder.mkdir()
        environment = environment_for(self.stack.slack, self.stack.agora, folder)
        bot = Bot(environment | {"DATABASE_URL": self.database_url} | SETTINGS | settings, folder)
        self.bots.append(bot)
        before = len(self.stack.slack_server.connections)
        bot.start()
        self.stack.slack.wait_for(lambda: len(self.stack.slack_server.connections) > before, timeout=30)
        return bot

    def leader(self, *, other_than: Bot | None = None) -> Bot:
        """Waits for a replica that holds the lease."""

        def holds() -> Bot | None:
            holders = self.query("SELECT holder FROM lease WHERE expires_at > clock_timestamp()")
            pids = {str(bot.process.pid): bot for bot in self.bots if bot.process is not None}
            return next((pids.get(row[0].split("-")[-2]) for row in holders), None)

        leader = self.stack.slack.wait_for(
            lambda: bot if (bot := holds()) is not other_than else None, timeout=20, what="a leader"
        )
        assert leader is not None
        return leader

    def query(self, query: str) -> list[tuple[str, ...]]:
        with psycopg.connect(self.database_url.replace("+psycopg", "")) as connection:
            return list(connection.execute(query))

    def end(self) -> None:
        for bot in self.bots:
            if bot.process is not None:
                bot.process.send_signal(signal.SIGCONT)
            bot.end()


@pytest.fixture
def agora_options() -> dict[str, int]:
    return {"qps": 2000, "max_recorders": 500}


@pytest.fixture
def replicas(
    slack_server: SlackServer, agora: AgoraSimulator, postgresql_url: str, tmp_path: Path
) -> Iterator[Replicas]:
    stack = Stack(slack_server, agora, Bot({}, tmp_path))
    replicas = Replicas(stack, postgresql_url, tmp_path)
    yield replicas
    replicas.end()


def _longest_gap(stack: Stack, since: float) -> float:
    """The longest time between two queries for one recording, in seconds."""
    times_of: dict[str, list[float]] = defaultdict(list)
    for query in stack.agora.requests("query"):
        if query.sid is not None and query.at >= since:
            times_of[query.sid].append(query.at)
    return max(later - earlier for times in times_of.values() for earlier, later in pairwise(times))


def _overlaps(stack: Stack) -> int:
    """The number of pairs of simultaneous queries for one recording."""
    under_way: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for query in stack.agora.requests("query"):
        if query.sid is not None and query.ended_at is not None:
            under_way[query.sid].append((query.at, query.ended_at))
    return sum(later[0] < earlier[1] for spans in under_way.values() for earlier, later in pairwise(sorted(spans)))


def _check_failover(replicas: Replicas, *, calls: int, seconds: float, every: float) -> float:
    """Kills the leader again and again; returns the longest time between two queries for one recording."""
    stack = replicas.stack
    for _ in range(3):
        replicas.add()
    stack.record_many(calls)
    stack.after_queries(2 * calls)
    since = stack.agora.requests("query")[-1].at
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        next_at = time.monotonic() + every
        stack.slack.wait_for(lambda at=next_at: time.monotonic() >= at, timeout=every + 5)  # type: ignore[misc]
        leader = replicas.leader()
        leader.kill()
        leader.start()
    stack.after_queries(3 * calls, timeout=60)
    assert len(stack.agora.running()) == calls
    assert _overlaps(stack) == 0
    alerts = [payload(m) for number in range((calls + 9) // 10) for m in stack.alerts(f"room{number}")]
    assert alerts == []
    return _longest_gap(stack, since)


@pytest.mark.timeout(240)
def test_while_leaders_are_killed_each_recording_is_queried_by_one_replica_at_a_time(replicas: Replicas) -> None:
    _check_failover(replicas, calls=6, seconds=12, every=4)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_60_recordings_survive_a_minute_of_killed_leaders(replicas: Replicas) -> None:
    assert _check_failover(replicas, calls=60, seconds=60, every=5) < INTERVAL + LEASE + 2


@pytest.mark.timeout(180)
def test_a_leader_that_hangs_is_replaced_and_can_no_longer_write(replicas: Replicas) -> None:
    stack = replicas.stack
    replicas.add()
    replicas.add()
    stack.record_many(3)
    stack.after_queries(6)
    hanging = replicas.leader()
    assert hanging.process is not None
    os.kill(hanging.process.pid, signal.SIGSTOP)
    successor = replicas.leader(other_than=hanging)
    stack.after_queries(6)
    epoch = replicas.query("SELECT epoch FROM lease")
    os.kill(hanging.process.pid, signal.SIGCONT)
    stack.after_queries(9)
    assert replicas.query("SELECT epoch FROM lease") == epoch
    assert replicas.leader() is successor
    assert len(stack.agora.running()) == 3
    assert stack.alerts("room0") == []


@pytest.mark.timeout(180)
def test_a_leader_that_is_stopped_hands_over_at_once(replicas: Replicas) -> None:
    stack = replicas.stack
    first = replicas.add()
    replicas.add()
    stack.record_many(2)
    assert replicas.leader() is first
    code, _ = first.stop()
    stopped_at = time.monotonic()
    stack.after_queries(1)
    assert code == 0
    assert time.monotonic() - stopped_at < LEASE + INTERVAL
    assert replicas.leader() is replicas.bots[1]


@pytest.mark.timeout(180)
def test_the_leader_carries_out_commands_that_another_replica_received(replicas: Replicas) -> None:
    stack = replicas.stack
    for _ in range(2):
        replicas.add()
    stack.record_many(6)
    for number in range(6):
        stack.command(f"stop call{number}", by="ben", channel="room0")
    stack.agora.wait_for(lambda sim: not sim.running(), timeout=30)
    served = [bot.log.count('"event": "command"') for bot in replicas.bots]
    assert all(served), "Slack distributed the commands to both"


@pytest.mark.timeout(180)
def test_the_leader_applies_a_notification_that_another_replica_received(replicas: Replicas, port: int) -> None:
    stack = replicas.stack
    stack.agora.notify(f"http://127.0.0.1:{port}/agora/webhook")
    patient = {"QUERY_INTERVAL_SECONDS": "30"}
    first = replicas.add(**patient)
    replicas.add(**patient, HTTP_PORT=str(port))
    stack.record_many(1)
    stack.wait_red("call0", channel="room0")
    assert replicas.leader() is first
    left_at = time.monotonic()
    stack.agora.throw_out("call0")
    stack.wait_alert("recording_failed", "left", channel="room0")
    assert time.monotonic() - left_at < 5, "long before the next query"


@pytest.mark.timeout(180)
def test_nothing_is_lost_while_postgresql_is_down(replicas: Replicas, running_postgresql: Server) -> None:
    stack = replicas.stack
    replicas.add()
    stack.record_many(2)
    stack.after_queries(4)
    running_postgresql.stop()
    stopped_at = time.monotonic()
    stack.slack.wait_for(lambda: time.monotonic() > stopped_at + 5, timeout=10)
    running_postgresql.start()
    stack.after_queries(6, timeout=60)
    stack.command("stop call0", by="ben", channel="room0")
    stack.wait_card("ended", channel="room0", agora="call0", timeout=40)
    assert [kind for kind, _ in stack.alert_kinds("room0")] == []
