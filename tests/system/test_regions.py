"""Agora can be reached at two addresses: what one of them refuses, the other one gets."""

from __future__ import annotations

import pytest

from tests.system.conftest import Stack, payload


def ask(stack: Stack, *names: str) -> None:
    """A Slack channel and somebody in the call for each, and a start."""
    for name in names:
        stack.room(name)
        stack.agora.join(name, 1001)
    for name in names:
        assert stack.command(f"start {name}", channel=name).acknowledged


def recorded_once(stack: Stack, name: str) -> None:
    """One recorder runs, and it is the one that the card names."""
    card = stack.wait_card("recording", channel=name)
    stack.wait_agora(lambda agora: len(agora.running(name)) == 1)
    assert stack.agora.running(name)[0].sid == payload(card)["sid"]
    assert stack.alerts(name) == []


@pytest.mark.parametrize("agora_options", [{"bases": 2}])
def test_an_address_that_cannot_be_reached_is_left_for_the_next_and_back(stack: Stack) -> None:
    stack.start()
    stack.agora.down(0)
    ask(stack, "first", "second")
    recorded_once(stack, "first")
    recorded_once(stack, "second")
    assert {seen.base for seen in stack.agora.requests()} == {1}
    stack.agora.up(0)
    stack.agora.down(1)
    ask(stack, "third")
    recorded_once(stack, "third")
    assert {seen.base for seen in stack.agora.requests(channel="third")} == {0}
    stack.after_queries(4)
    for name in ("first", "second", "third"):
        assert stack.alerts(name) == []


@pytest.mark.parametrize("agora_options", [{"bases": 2}])
def test_an_address_that_only_answers_with_errors_is_left_for_the_next(stack: Stack) -> None:
    stack.start()
    stack.agora.fault("*", answer="proxy_503", base=0, times=None)
    ask(stack, "first")
    recorded_once(stack, "first")
    assert stack.agora.requests("start")[-1].base == 1


@pytest.mark.parametrize("agora_options", [{"bases": 2}])
def test_an_address_that_goes_away_during_a_recording_is_replaced_and_nobody_is_alerted(stack: Stack) -> None:
    stack.start()
    ask(stack, "moved")
    recorded_once(stack, "moved")
    stack.agora.down(0)
    stack.wait_agora(lambda agora: len([seen for seen in agora.requests("query") if seen.base == 1]) >= 4)
    recorded_once(stack, "moved")
