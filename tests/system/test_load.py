"""More recordings than Agora's rate lets query at the interval: late, evenly, and never in the way of people."""

from __future__ import annotations

import re
import statistics
import time
from collections import defaultdict
from itertools import pairwise
from urllib.request import urlopen

import pytest

from simulator.agora import LoggedRequest
from tests.system.conftest import ON_BOTH, Stack, words

QPS = 10
WITHIN = 2
"""Seconds in which what people ask for reaches Agora."""


@pytest.fixture
def agora_options() -> dict[str, int]:
    return {"qps": 2000, "max_recorders": 2000}


def gaps(queries: list[LoggedRequest]) -> list[float]:
    """The seconds between two queries for the same recording."""
    asked: dict[str | None, list[float]] = defaultdict(list)
    for seen in queries:
        asked[seen.sid].append(seen.at)
    return [later - earlier for times in asked.values() for earlier, later in pairwise(times)]


def busiest_second(requests: list[LoggedRequest]) -> int:
    moments = [seen.at for seen in requests]
    return max(sum(at <= other < at + 1 for other in moments[n : n + 50]) for n, at in enumerate(moments))


def seen_since(stack: Stack, since: float, operation: str | None = None) -> list[LoggedRequest]:
    return [seen for seen in stack.agora.requests(operation) if seen.at >= since]


def pass_time(stack: Stack, seconds: float) -> None:
    """What is measured is what happens meanwhile."""
    until = time.monotonic() + seconds
    stack.slack.wait_for(lambda: time.monotonic() >= until, timeout=seconds + 10)


def told(port: int) -> tuple[str, float]:
    """What readiness and the metric say of the interval."""
    with urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
        ready = answer.read().decode()
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        metrics = answer.read().decode()
    found = re.search(r"^recorder_query_interval_seconds (\S+)", metrics, re.MULTILINE)
    assert found is not None
    return ready, float(found[1])


def check_stretched(stack: Stack, port: int, *, calls: int, interval: float) -> None:
    settings = {"QUERY_INTERVAL_SECONDS": str(interval), "LOG_LEVEL": "INFO"}
    stack.start(AGORA_QPS="1000", **settings)
    stack.record_many(calls, timeout=180)
    stack.bot.stop()
    stack.agora.allow(QPS)
    stack.restart(AGORA_QPS=str(QPS), HTTP_PORT=str(port), **settings)
    since = time.monotonic()
    pass_time(stack, 5 * calls / (0.9 * QPS))  # five rounds, were there nothing but queries
    ready, stretched = told(port)
    asked_at = time.monotonic()
    assert words(stack.command("stop call7", by="ben", channel="room0"))
    stack.agora.wait_for(lambda sim: sim.requests("stop", channel="call7"), timeout=30)
    stop = stack.agora.requests("stop", channel="call7")[0]
    requests = seen_since(stack, since)
    between = gaps([seen for seen in requests if seen.operation == "query"])
    print(  # noqa: T201 - the measurement
        f"{calls} recordings: busiest second {busiest_second(requests)}, every {statistics.median(between):.1f} s"
        f" ({min(between):.1f} to {max(between):.1f}), a stop reached Agora after {stop.at - asked_at:.2f} s"
    )
    assert busiest_second(requests) <= QPS
    assert not [seen for seen in requests if seen.status == 429]
    assert len(between) >= 2 * calls
    assert max(between) < 2 * statistics.median(between)
    assert len([seen for seen in requests if asked_at <= seen.at < stop.at]) <= WITHIN * QPS
    assert '"queries"' in ready
    assert stretched > interval
    assert stack.alerts("room0") == []


@ON_BOTH
@pytest.mark.timeout(180)
def test_more_recordings_than_the_rate_allows_are_queried_later_evenly_and_never_in_the_way_of_a_stop(
    stack: Stack, port: int
) -> None:
    check_stretched(stack, port, calls=20, interval=1)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_400_recordings_at_10_requests_a_second_never_see_a_429(stack: Stack, port: int) -> None:
    check_stretched(stack, port, calls=400, interval=30)


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_1000_recordings_are_each_queried_every_30_seconds_and_commands_are_answered_as_when_idle(
    stack: Stack,
) -> None:
    stack.room("quiet")
    stack.start(AGORA_QPS="1000", QUERY_INTERVAL_SECONDS="30", LOG_LEVEL="INFO")
    idle = latencies(stack)
    stack.record_many(1000, timeout=300)
    stack.agora.fault("*", delay_after=0.1, times=None)
    pass_time(stack, 40)  # until every one is on its regular round
    since = time.monotonic()
    pass_time(stack, 20)
    busy = latencies(stack)
    pass_time(stack, 75)
    between = gaps(seen_since(stack, since, "query"))
    ratio = statistics.median(busy) / statistics.median(idle)
    print(  # noqa: T201 - the measurement
        f"1000 recordings: {len(between)} gaps of {min(between):.1f} to {max(between):.1f} s; acknowledged in"
        f" {1000 * statistics.median(busy):.0f} ms (slowest {1000 * max(busy):.0f}), idle"
        f" {1000 * statistics.median(idle):.0f} ms (slowest {1000 * max(idle):.0f}): ratio {ratio:.2f}"
    )
    assert len(between) >= 2000
    assert min(between) >= 27
    assert max(between) <= 33
    assert ratio < 3


def latencies(stack: Stack) -> list[float]:
    """The seconds until each of 50 commands, one after the other, was acknowledged."""
    answers = [stack.command("status", channel="quiet") for _ in range(50)]
    assert all(words(answer) for answer in answers)
    return [answer.latency or 99 for answer in answers]
