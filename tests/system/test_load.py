"""More recordings than Agora's rate limit allows to query at the configured interval.

The bot queries them less often but evenly, and commands of people go first.
"""

from __future__ import annotations

import re
import statistics
import time
from collections import defaultdict
from itertools import pairwise
from urllib.request import urlopen

import pytest

from simulator.agora import LoggedRequest
from tests.system.conftest import ON_SQLITE_AND_IN_SOAK_ON_POSTGRESQL, Stack, words

COMMAND_SECONDS = 2
"""Within this time a command has reached Agora."""


@pytest.fixture
def agora_options() -> dict[str, int]:
    return {"qps": 2000, "max_recorders": 2000}


def gaps(queries: list[LoggedRequest]) -> list[float]:
    """The seconds between two queries for the same recording."""
    times_of: dict[str | None, list[float]] = defaultdict(list)
    for query in queries:
        times_of[query.sid].append(query.at)
    return [later - earlier for times in times_of.values() for earlier, later in pairwise(times)]


def busiest_second(requests: list[LoggedRequest]) -> int:
    """The highest number of requests within one second."""
    times = [request.at for request in requests]
    return max(sum(at <= other < at + 1 for other in times[n : n + 50]) for n, at in enumerate(times))


def requests_since(stack: Stack, since: float, operation: str | None = None) -> list[LoggedRequest]:
    return [request for request in stack.agora.requests(operation) if request.at >= since]


def pass_time(stack: Stack, seconds: float) -> None:
    """Lets the bot run for this long."""
    until = time.monotonic() + seconds
    stack.slack.wait_for(lambda: time.monotonic() >= until, timeout=seconds + 10)


def reported_interval(port: int) -> tuple[str, float]:
    """The body of `/readyz`, and the interval in `/metrics`."""
    with urlopen(f"http://127.0.0.1:{port}/readyz") as response:
        ready = response.read().decode()
    with urlopen(f"http://127.0.0.1:{port}/metrics") as response:
        metrics = response.read().decode()
    sample = re.search(r"^recorder_query_interval_seconds (\S+)", metrics, re.MULTILINE)
    assert sample is not None
    return ready, float(sample[1])


def check_overload(stack: Stack, port: int, *, calls: int, interval: float, qps: int) -> None:
    settings = {"QUERY_INTERVAL_SECONDS": str(interval), "LOG_LEVEL": "INFO"}
    stack.start(AGORA_QPS="1000", **settings)
    stack.record_many(calls, timeout=180)
    stack.bot.stop()
    stack.agora.allow(qps)
    stack.restart(AGORA_QPS=str(qps), HTTP_PORT=str(port), **settings)
    since = time.monotonic()
    pass_time(stack, 5 * calls / (0.9 * qps))  # five rounds if there were only queries
    ready, interval_shown = reported_interval(port)
    typed_at = time.monotonic()
    assert words(stack.command("stop call7", by="ben", channel="room0"))
    stack.agora.wait_for(lambda sim: sim.requests("stop", channel="call7"), timeout=30)
    stop = stack.agora.requests("stop", channel="call7")[0]
    requests = requests_since(stack, since)
    between = gaps([request for request in requests if request.operation == "query"])
    print(  # noqa: T201 - the measurement
        f"{calls} recordings: busiest second {busiest_second(requests)}, every {statistics.median(between):.1f} s"
        f" ({min(between):.1f} to {max(between):.1f}), a stop reached Agora after {stop.at - typed_at:.2f} s"
    )
    assert busiest_second(requests) <= qps
    assert not [request for request in requests if request.status == 429]
    assert len(between) >= 2 * calls
    assert max(between) < 2 * statistics.median(between)
    assert len([request for request in requests if typed_at <= request.at < stop.at]) <= COMMAND_SECONDS * qps
    assert '"queries"' in ready
    assert interval_shown > interval
    assert stack.alerts("room0") == []


@ON_SQLITE_AND_IN_SOAK_ON_POSTGRESQL
@pytest.mark.timeout(180)
def test_beyond_the_rate_limit_queries_are_slower_but_even_and_a_stop_goes_first(stack: Stack, port: int) -> None:
    check_overload(stack, port, calls=12, interval=1, qps=6)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_400_recordings_at_10_requests_a_second_never_get_a_429(stack: Stack, port: int) -> None:
    check_overload(stack, port, calls=400, interval=30, qps=10)


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_with_1000_recordings_queries_are_on_time_and_commands_as_fast_as_when_idle(
    stack: Stack,
) -> None:
    stack.room("quiet")
    stack.start(AGORA_QPS="1000", QUERY_INTERVAL_SECONDS="30", LOG_LEVEL="INFO")
    idle = latencies(stack)
    stack.record_many(1000, timeout=300)
    stack.agora.fault("*", delay_after=0.1, times=None)
    pass_time(stack, 40)  # until each is queried at its regular interval
    since = time.monotonic()
    pass_time(stack, 20)
    busy = latencies(stack)
    pass_time(stack, 75)
    between = gaps(requests_since(stack, since, "query"))
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
    """The seconds until the acknowledgement, for each of 50 commands in sequence."""
    commands = [stack.command("status", channel="quiet") for _ in range(50)]
    assert all(words(command) for command in commands)
    return [command.latency or 99 for command in commands]
