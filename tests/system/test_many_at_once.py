"""Many people at once: Slack gets every acknowledgement in time, and of two people who do the same, one is told so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from simulator.slack import Interaction
from tests.system.conftest import Stack, words

MANY = 50
SLACK_SECONDS = 3.0
"""Slack waits this long for an acknowledgement."""


def all_at_once(stack: Stack, texts: list[tuple[str, str]]) -> list[Interaction]:
    """Types these commands (text, channel) at the same moment."""
    with ThreadPoolExecutor(len(texts)) as pool:
        return list(pool.map(lambda command: stack.command(command[0], channel=command[1]), texts))


def check_answered(commands: list[Interaction], limit: float) -> None:
    assert all(words(command) for command in commands)
    latencies = sorted(command.latency or 99 for command in commands)
    print(f"slowest of {len(commands)}: {latencies[-1]:.2f} s")  # noqa: T201 - the measurement
    assert latencies[-1] < limit, latencies


def check_fifty_commands(stack: Stack, rooms: int, limit: float) -> None:
    """Fifty starts, status commands and stops at once, while each response of Agora takes ten seconds."""
    stack.slack.dispatcher.ack_seconds = limit
    stack.start(START_TIMEOUT_SECONDS="90", LOG_LEVEL="INFO")
    stack.agora.fault("*", delay_after=10, times=None)
    names = [stack.room(f"room{number}") for number in range(rooms)]
    starts = [(f"start call{number}", names[number % rooms]) for number in range(MANY)]
    check_answered(all_at_once(stack, starts), limit)
    # Continue when all workers wait for Agora.
    stack.wait_agora(lambda agora: len(agora.in_flight()) >= min(MANY, rooms * 4))
    check_answered(all_at_once(stack, [("status", names[number % rooms]) for number in range(MANY)]), limit)
    check_answered(all_at_once(stack, [(f"stop call{n}", names[n % rooms]) for n in range(MANY)]), limit)


def test_fifty_commands_are_acknowledged_without_waiting_for_a_slow_agora(stack: Stack) -> None:
    check_fifty_commands(stack, MANY, limit=SLACK_SECONDS)
    code, _ = stack.bot.stop()
    assert code == 0


@pytest.mark.bench
@pytest.mark.parametrize("rooms", [1, MANY])
def test_on_an_idle_machine_fifty_commands_are_acknowledged_within_a_second(stack: Stack, rooms: int) -> None:
    check_fifty_commands(stack, rooms, limit=1)


def test_slow_recordings_do_not_delay_the_others(stack: Stack) -> None:
    stack.start()
    for number in range(8):
        stack.room(f"room{number}")
        stack.agora.join(f"call{number}", 1)
    for number in range(7):
        stack.agora.fault("query", channel=f"call{number}", hang="request", times=None)
    for number in range(8):
        stack.command(f"start call{number}", channel=f"room{number}")
    stack.wait_red("call7", channel="room7")
    stack.after_queries(4, "call7")
    stack.command("stop", channel="room7")
    stack.wait_card("ended", channel="room7")


# How long eighty answers take is a measurement; that nobody waits after a time-out is a unit test of the profiles.
@pytest.mark.bench
def test_eighty_commands_are_acknowledged_while_slacks_profiles_hang(stack: Stack) -> None:
    stack.start()
    stack.slack.faults.add("users.info", hang=True)
    people = [stack.slack.add_person(f"person{number}", channels=["general"]) for number in range(80)]
    commands = [person.command("/record", "stop", channel="general", wait=False) for person in people]

    stack.slack.wait_for(lambda: all(command.latency is not None for command in commands), what="every answer")
    assert all(command.acknowledged for command in commands)
    assert max(command.latency or 0 for command in commands) < SLACK_SECONDS


# Two people at once


def test_of_two_people_who_press_record_again_at_once_one_starts_it(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.command("stop")
    card = stack.wait_card("ended", reason="stopped")
    presses = [stack.slack.person(name).choose(card, "more", "Record again", wait=False) for name in ("ana", "ben")]
    stack.slack.wait_for(lambda: all(press.answers for press in presses), what="an answer to both")
    runs_already, started = sorted(words(press.wait()) for press in presses)
    assert "Starting to record" in started
    assert "I'm already starting to record *daily*" in runs_already
    stack.slack.wait_for(lambda: len(stack.cards()) == 2, timeout=20, what="a second card")
    stack.wait_card("recording")
    assert len(stack.cards()) == 2
    assert len(stack.agora.running()) == 1


def test_of_two_people_who_acknowledge_an_alert_at_once_the_second_reads_who_was_first(stack: Stack) -> None:
    stack.start(FAILOVER_GRACE_SECONDS="1", RECORD_ON="0")
    stack.recording()
    stack.agora.kill("daily")
    alert = stack.wait_alert("recording_failed", "lost")
    presses = {name: stack.slack.person(name).press(alert, "take_alert", wait=False) for name in ("ana", "ben")}
    stack.slack.wait_for(lambda: any(press.answers for press in presses.values()), what="an answer to the second")
    (second,) = [name for name, press in presses.items() if press.answers]
    (first,) = presses.keys() - {second}
    mention = stack.slack.person(first).mention
    assert f"{mention} is already on it" in words(presses[second].wait())
    stack.slack.wait_for(lambda: "take_alert" not in alert.elements, what="the edit")
    assert f"{mention} is on it (" in alert.said
    assert presses[first].answers == []


def test_of_two_people_who_send_the_form_at_once_one_starts_a_recording(stack: Stack) -> None:
    stack.start()
    people = [stack.slack.person(name) for name in ("ana", "ben")]
    for person in people:
        stack.command("", by=person.name)
    stack.slack.wait_for(lambda: all(person.modal for person in people), what="two open forms")
    forms = [person.submit(person.modal, wait=False) for person in people if person.modal]
    errors = [form.wait().errors for form in forms]
    stack.wait_card("recording")
    assert sorted(map(bool, errors)) == [False, True]
    assert "already has a recording here" in next(error["channel"] for error in errors if error)
    assert len(stack.cards()) == 1
