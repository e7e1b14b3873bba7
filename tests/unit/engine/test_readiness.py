"""What `/readyz` shows for each part."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.dispatcher import Dispatcher
from engine.leadership import Leadership
from engine.readiness import Readiness
from engine.rounds import Rounds
from engine.ticker import Ticker
from recordings.lifecycle.policy import Policy
from tests.fakes.outboxes import repositories_of
from tests.fakes.repositories import Memory, MemoryLease
from tests.fakes.rows import FakeClock


@dataclass
class FakeIdentity:
    problem: str = ""


@dataclass
class FakeConnection:
    connected: bool = True


@pytest.fixture
def ready() -> Readiness:
    memory, clock = Memory(), FakeClock()
    leadership = Leadership(MemoryLease(memory, "me"), 15, clock.now, clock)
    dispatcher = Dispatcher([], leadership.epoch, clock)
    ticker = Ticker(leadership, dispatcher, Rounds(repositories_of(memory, clock), Policy(), clock), clock)
    ticker.tick()
    return Readiness(FakeIdentity(), FakeConnection(), ticker, dispatcher, 30, clock)


def test_every_part_is_ok(ready: Readiness) -> None:
    assert ready() == {"slack": "ok", "database": "ok", "monitor": "ok"}


def test_in_http_mode_slack_needs_no_connection(ready: Readiness) -> None:
    over_http = Readiness(ready.identity, None, ready.ticker, ready.dispatcher, 30, ready.clock)

    assert over_http()["slack"] == "ok"


def test_slack_is_not_ok_without_a_connection_or_the_bots_identity(ready: Readiness) -> None:
    ready.connection.connected = False  # type: ignore[misc, union-attr]
    assert ready()["slack"] == "not connected"

    ready.identity.problem = "invalid_auth"
    assert ready()["slack"] == "invalid_auth"


def test_the_database_shows_the_problem_of_the_last_tick(ready: Readiness) -> None:
    ready.ticker.problem = "database is locked"

    assert ready()["database"] == "database is locked"


def test_the_monitor_is_not_ok_without_ticks_or_steps(ready: Readiness) -> None:
    ready.dispatcher.last_progress_at -= 91
    assert ready()["monitor"] == "rows are due, but no step was done lately"

    ready.ticker.last_tick_at -= 91
    assert ready()["monitor"] == "does not tick"


def test_the_monitor_is_ok_within_three_query_intervals(ready: Readiness) -> None:
    ready.dispatcher.last_progress_at -= 85

    assert ready()["monitor"] == "ok"


def test_poll_lag_is_shown_as_a_longer_query_interval(ready: Readiness) -> None:
    ready.dispatcher.poll_lag = 14
    assert ready() == {
        "slack": "ok",
        "database": "ok",
        "monitor": "ok",
        "queries": "about every 44 s: there are more recordings than AGORA_QPS lets ask for",
    }
