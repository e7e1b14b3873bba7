"""Below Agora's rate, and who goes first."""

from __future__ import annotations

import math
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora.pacing import Priority, Spacing
from agora.transport import Call
from tests.unit.agora.fakes import FakeTime, FakeTurns


def pacer_of(qps: float) -> tuple[Spacing, FakeTime, FakeTurns]:
    time = FakeTime()
    turns = FakeTurns(time)
    return Spacing(qps, monotonic=time, turns=turns), time, turns


def test_the_first_request_does_not_wait() -> None:
    pacer, time, _ = pacer_of(10)
    pacer.wait(Priority.POLLING)

    assert time.now == 1000.0


@given(st.floats(0.5, 100), st.lists(st.floats(0, 3), min_size=2, max_size=60))
def test_requests_are_never_closer_than_nine_tenths_of_the_rate_allow(qps: float, pauses: list[float]) -> None:
    pacer, time, _ = pacer_of(qps)
    sent = []
    for pause in pauses:
        time.now += pause
        pacer.wait(Priority.INTERACTIVE)
        sent.append(time.now)

    assert all(later - earlier >= 1 / (0.9 * qps) - 1e-9 for earlier, later in pairwise(sent))
    for start in sent:
        assert sum(start <= moment < start + 1 for moment in sent) <= math.ceil(qps)


def test_what_somebody_asked_for_goes_before_what_only_looks() -> None:
    pacer, _, turns = pacer_of(10)
    served = []

    def comes(name: str, lane: Priority) -> None:
        pacer.wait(lane)
        served.append(name)

    pacer.wait(Priority.POLLING)
    turns.meanwhile = [lambda: comes("asked", Priority.INTERACTIVE)]
    comes("looking", Priority.POLLING)

    assert served == ["asked", "looking"]


def test_somebody_who_gives_up_waiting_does_not_hold_up_the_rest() -> None:
    pacer, time, turns = pacer_of(10)

    def give_up() -> None:
        raise KeyboardInterrupt

    pacer.wait(Priority.INTERACTIVE)
    turns.meanwhile = [give_up]
    with pytest.raises(KeyboardInterrupt):
        pacer.wait(Priority.INTERACTIVE)
    pacer.wait(Priority.POLLING)

    assert time.now == pytest.approx(1000.0 + pacer.gap)


def test_many_threads_are_served_one_after_the_other() -> None:
    pacer = Spacing(2000)
    moments: list[float] = []
    lock = threading.Lock()

    def ask(lane: Priority) -> None:
        pacer.wait(lane)
        with lock:
            moments.append(1.0)

    threads = [threading.Thread(target=ask, args=(lane,)) for lane in Priority for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert len(moments) == 64


def test_within_a_lane_the_first_to_come_is_the_first_to_go() -> None:
    pacer, _, turns = pacer_of(10)

    class Stop(Exception):
        pass

    def give_up() -> None:
        raise Stop

    def second_comes() -> None:
        turns.meanwhile = [give_up]
        with pytest.raises(Stop):
            pacer.wait(Priority.INTERACTIVE)

    pacer.wait(Priority.INTERACTIVE)
    turns.meanwhile = [second_comes]
    pacer.wait(Priority.INTERACTIVE)
    first, second, first_again = turns.waits

    assert first == first_again == pytest.approx(pacer.gap)
    assert second is None, "the second waits until it is told, not for a time of its own"


@pytest.mark.parametrize("qps", [0, -1])
def test_a_rate_of_nothing_is_refused(qps: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        Spacing(qps)


@pytest.mark.parametrize(
    ("operation", "lane"),
    [
        *[(operation, Priority.INTERACTIVE) for operation in ("acquire", "start", "stop", "throw_out")],
        *[(operation, Priority.POLLING) for operation in ("query", "users")],
    ],
)
def test_a_call_goes_into_its_lane(operation: str, lane: Priority) -> None:
    lanes: list[Priority] = []

    class Recorded(Spacing):
        def wait(self, lane: Priority) -> None:
            lanes.append(lane)

    Recorded(10).pace(Call(operation, "GET", "/"))

    assert lanes == [lane]
