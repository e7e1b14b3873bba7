"""Requests stay below Agora's rate, and calls that a person waits for go before polls."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora.pacing import Priority, RequestPacing, priority_of
from agora.transport import Call
from tests.fakes.rows import FakeClock
from tests.unit.test_rate_limits import FakeCondition

POLL, START = Call("query", "GET", "/"), Call("start", "POST", "/")


@given(st.floats(0.5, 100), st.lists(st.floats(0, 3), min_size=2, max_size=60))
def test_no_second_has_more_requests_than_agora_allows(qps: float, pauses: list[float]) -> None:
    clock = FakeClock()
    pacing = RequestPacing(qps, clock, FakeCondition(clock))
    sent = []
    for pause in pauses:
        clock.passes(pause)
        pacing.wait(START)
        sent.append(clock.seconds)

    assert pacing.gap == pytest.approx(1 / (0.9 * qps))
    for start in sent:
        assert sum(start <= moment < start + 1 for moment in sent) <= math.ceil(qps)


def test_a_call_that_a_person_waits_for_goes_before_a_poll_that_came_first() -> None:
    clock = FakeClock()
    condition = FakeCondition(clock)
    pacing = RequestPacing(10, clock, condition)
    served = []

    def send(call: Call) -> None:
        pacing.wait(call)
        served.append(call.operation)

    pacing.wait(POLL)
    condition.meanwhile = [lambda: send(START)]
    send(POLL)

    assert served == ["start", "query"]


def test_room_counts_the_polls_that_wait() -> None:
    clock = FakeClock()
    condition = FakeCondition(clock)
    pacing = RequestPacing(10, clock, condition)
    rooms = []
    pacing.wait(POLL)
    condition.meanwhile = [lambda: rooms.append((pacing.room(), pacing.queued))]
    pacing.wait(POLL)

    assert (pacing.room(), pacing.queued) == (9, 0)
    assert rooms == [(8, 1)]


@pytest.mark.parametrize("qps", [0, -1])
def test_a_rate_of_nothing_is_refused(qps: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        RequestPacing(qps, FakeClock())


def test_every_operation_has_its_priority() -> None:
    interactive = dict.fromkeys(("acquire", "start", "stop", "throw_out"), Priority.INTERACTIVE)
    polling = dict.fromkeys(("query", "users"), Priority.POLLING)

    for operation, priority in (interactive | polling).items():
        assert priority_of(Call(operation, "GET", "/")) is priority, operation
