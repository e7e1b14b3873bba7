"""What `/readyz` tells of each part."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.dispatcher import Dispatcher
from engine.leadership import Leadership
from engine.readiness import Readiness
from engine.ticker import Ticker
from recordings.lifecycle.policy import Policy
from tests.fakes.outboxes import MemoryIncidents, MemoryNotifications
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecordings
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
    repositories = MemoryRecordings(memory), MemoryIncidents(memory), MemoryNotifications(memory, clock)
    ticker = Ticker(leadership, dispatcher, *repositories, Policy(), clock)
    ticker.tick()
    return Readiness(FakeIdentity(), FakeConnection(), ticker, dispatcher, 30, clock)


def test_all_is_well(ready: Readiness) -> None:
    assert ready() == {"slack": "ok", "database": "ok", "monitor": "ok"}


def test_over_http_slack_needs_no_connection(ready: Readiness) -> None:
    over_http = Readiness(ready.identity, None, ready.ticker, ready.dispatcher, 30, ready.clock)

    assert over_http()["slack"] == "ok"


def test_slack_is_not_well_where_the_bot_does_not_know_itself_or_is_not_connected(ready: Readiness) -> None:
    ready.connection.connected = False  # type: ignore[misc, union-attr]
    assert ready()["slack"] == "not connected"

    ready.identity.problem = "invalid_auth"
    assert ready()["slack"] == "invalid_auth"


def test_the_database_is_as_the_last_tick_found_it(ready: Readiness) -> None:
    ready.ticker.problem = "database is locked"

    assert ready()["database"] == "database is locked"


def test_a_monitor_that_does_not_tick_or_takes_no_steps_is_not_well(ready: Readiness) -> None:
    ready.dispatcher.progressed_at -= 91
    assert ready()["monitor"] == "rows are due, but no step was done lately"

    ready.ticker.ticked_at -= 91
    assert ready()["monitor"] == "does not tick"


def test_three_intervals_are_patience_enough(ready: Readiness) -> None:
    ready.dispatcher.progressed_at -= 85

    assert ready()["monitor"] == "ok"


def test_queries_that_the_rate_stretches_are_told_beside_the_parts(ready: Readiness) -> None:
    ready.dispatcher.behind = 14
    assert ready() == {
        "slack": "ok",
        "database": "ok",
        "monitor": "ok",
        "queries": "about every 44 s: there are more recordings than AGORA_QPS lets ask for",
    }
