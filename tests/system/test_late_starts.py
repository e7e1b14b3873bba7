"""A request to start that takes effect at Agora long after the bot has given it up."""

from __future__ import annotations

from collections.abc import Callable

from simulator.agora import AgoraSimulator, RecorderView
from tests.system.conftest import Stack


def _is_hit(fault: int) -> Callable[[AgoraSimulator], int]:
    return lambda agora: agora.faults()[fault - 1].hits


def recorders(stack: Stack) -> list[RecorderView]:
    return stack.agora.recorders("daily")


def test_a_recorder_that_comes_up_long_after_its_start_was_given_up_is_ended(stack: Stack) -> None:
    settings = {"START_TIMEOUT_SECONDS": "3"}
    stack.start(**settings)
    stack.agora.join("daily", 1001)
    late = stack.agora.fault("start", delay=7)
    stack.agora.fault("start", lost="request", times=None)
    stack.command("start daily")
    stack.wait_agora(_is_hit(late))
    stack.bot.kill()
    stack.restart(**settings)
    stack.wait_card("failed", reason="unavailable")
    stack.wait_agora(lambda agora: recorders(stack), timeout=20)
    stack.wait_agora(lambda agora: not agora.running())
    # It may come up while the bot is still after it, or find itself banned.
    assert recorders(stack)[0].ended_by in ("banned", "thrown_out")
    assert not recorders(stack)[0].recorded
    assert [person.uid for person in stack.agora.people("daily")] == [1001]


def test_one_that_comes_up_beside_its_replacement_is_ended_and_the_replacement_stays(stack: Stack) -> None:
    settings = {"START_TIMEOUT_SECONDS": "30"}
    stack.start(**settings)
    stack.agora.join("daily", 1001)
    late = stack.agora.fault("start", delay=5)
    stack.agora.fault("start", lost="request", times=4)
    stack.command("start daily")
    stack.wait_agora(_is_hit(late))
    stack.bot.kill()
    stack.restart(**settings)
    card = stack.wait_red()
    stack.wait_agora(lambda agora: len(recorders(stack)) == 2, timeout=20)
    stack.wait_agora(lambda agora: len(agora.running()) == 1)
    assert stack.agora.running()[0].sid == card.event_payload["sid"]
    stack.after_queries(5)
    assert len(stack.agora.running()) == 1
    assert stack.alerts() == []
