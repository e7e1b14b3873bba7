"""Agora can be reached at two addresses: what one of them refuses, the other one gets."""

from __future__ import annotations

import pytest

from tests.system.conftest import Office, payload


def ask(office: Office, *names: str) -> None:
    """A Slack channel and somebody in the call for each, and a start."""
    for name in names:
        office.room(name)
        office.agora.join(name, 1001)
    for name in names:
        assert office.command(f"start {name}", channel=name).acknowledged


def recorded_once(office: Office, name: str) -> None:
    """One recorder runs, and it is the one that the card names."""
    card = office.wait_card("recording", channel=name)
    office.wait_agora(lambda agora: len(agora.running(name)) == 1)
    assert office.agora.running(name)[0].sid == payload(card)["sid"]
    assert office.alerts(name) == []


@pytest.mark.parametrize("agora_options", [{"bases": 2}])
def test_an_address_that_cannot_be_reached_is_left_for_the_next_and_back(office: Office) -> None:
    office.start()
    office.agora.down(0)
    ask(office, "first", "second")
    recorded_once(office, "first")
    recorded_once(office, "second")
    assert {seen.base for seen in office.agora.requests()} == {1}
    office.agora.up(0)
    office.agora.down(1)
    ask(office, "third")
    recorded_once(office, "third")
    assert {seen.base for seen in office.agora.requests(channel="third")} == {0}
    office.after_queries(4)
    for name in ("first", "second", "third"):
        assert office.alerts(name) == []


@pytest.mark.parametrize("agora_options", [{"bases": 2}])
def test_an_address_that_only_answers_with_errors_is_left_for_the_next(office: Office) -> None:
    office.start()
    office.agora.fault("*", answer="proxy_503", base=0, times=None)
    ask(office, "first")
    recorded_once(office, "first")
    assert office.agora.requests("start")[-1].base == 1


@pytest.mark.parametrize("agora_options", [{"bases": 2}])
def test_an_address_that_goes_away_during_a_recording_is_replaced_and_nobody_is_alerted(office: Office) -> None:
    office.start()
    ask(office, "moved")
    recorded_once(office, "moved")
    office.agora.down(0)
    office.wait_agora(lambda agora: len([seen for seen in agora.requests("query") if seen.base == 1]) >= 4)
    recorded_once(office, "moved")
