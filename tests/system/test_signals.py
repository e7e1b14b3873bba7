"""A signal ends the process in time, whatever hangs; the rows say where to go on."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable

import pytest

from tests.system.conftest import Stack, payload

pytestmark = pytest.mark.cold


def ends(stack: Stack) -> float:
    code, seconds = stack.bot.stop()
    assert code == 0, stack.bot.log[-2000:]
    assert seconds < 10
    assert "Traceback" not in stack.bot.log
    return seconds


def test_an_idle_bot_ends_at_once(stack: Stack) -> None:
    stack.start()
    assert ends(stack) < 3


def test_a_bot_that_watches_a_recording_ends_and_the_recording_goes_on(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    ends(stack)
    assert [recorder.sid for recorder in stack.agora.running()] == [payload(card)["sid"]]
    stack.restart()
    stack.after_queries(3)
    assert len(stack.agora.recorders()) == 1


def test_sigint_ends_it_too(stack: Stack) -> None:
    stack.start()
    assert stack.bot.process is not None
    stack.bot.process.send_signal(signal.SIGINT)
    assert stack.bot.process.wait(10) == 0


def test_a_second_signal_changes_nothing(stack: Stack) -> None:
    stack.start()
    stack.agora.fault("*", hang="request", times=None)
    stack.command("start daily")
    stack.wait_agora(lambda agora: agora.in_flight())
    assert stack.bot.process is not None
    stack.bot.process.send_signal(signal.SIGTERM)
    ends(stack)


def agora_hangs(stack: Stack) -> None:
    stack.recording()
    stack.agora.fault("*", hang="answer", times=None)
    for name in ("one", "two", "three"):
        stack.command(f"start {name}")
    stack.wait_agora(lambda agora: len(agora.in_flight()) >= 2)


def slack_hangs(stack: Stack) -> None:
    stack.recording()
    fault = stack.slack.faults.add("*", hang=True)
    stack.command("start other")
    stack.agora.kill("daily")
    stack.slack.wait_for(lambda: fault.hits >= 2)


def both_hang(stack: Stack) -> None:
    agora_hangs(stack)
    stack.slack.faults.add("*", hang=True)
    stack.command("start other")


def both_are_away(stack: Stack) -> None:
    stack.recording()
    stack.agora.down()
    stack.slack.down()


def slack_is_silent(stack: Stack) -> None:
    stack.recording()
    stack.slack_server.sockets.silence()


@pytest.mark.parametrize("trouble", [agora_hangs, slack_hangs, both_hang, both_are_away, slack_is_silent])
def test_it_ends_in_time_while(stack: Stack, trouble: Callable[[Stack], None]) -> None:
    stack.start()
    trouble(stack)
    ends(stack)


def test_it_ends_in_time_while_slack_never_let_it_in(stack: Stack) -> None:
    fault = stack.slack.faults.add("*", hang=True)
    stack.bot.start()
    stack.slack.wait_for(lambda: fault.hits >= 2, timeout=20)
    ends(stack)


def test_it_ends_in_time_while_the_database_cannot_be_opened(stack: Stack) -> None:
    stack.bot.start(DATABASE_URL=f"sqlite:///{stack.bot.folder}/nowhere/recordings.db")
    stack.slack.wait_for(lambda: "database_unavailable" in stack.bot.log, timeout=20)
    ends(stack)


@pytest.mark.usefixtures("on_sqlite")
def test_it_ends_in_time_while_somebody_holds_the_database(stack: Stack) -> None:
    stack.start()
    stack.recording()
    with sqlite3.connect(stack.bot.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        stack.slack.wait_for(lambda: "database is locked" in stack.bot.log, timeout=20)
        ends(stack)
        other.execute("ROLLBACK")


def test_a_start_that_a_signal_cut_off_is_one_known_recorder_after_the_restart(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.agora.fault("start", hang="answer", times=1)
    stack.command("start daily")
    stack.wait_agora(lambda agora: agora.running())
    ends(stack)
    stack.agora.clear_faults()
    stack.restart(START_TIMEOUT_SECONDS="30")
    card = stack.wait_card("recording")
    stack.wait_agora(lambda agora: [recorder.sid for recorder in agora.running()] == [payload(card)["sid"]])
    assert stack.alerts() == []


@pytest.mark.usefixtures("on_sqlite")
def test_a_database_that_is_held_for_a_while_is_waited_for(stack: Stack) -> None:
    stack.start()
    stack.recording()
    with sqlite3.connect(stack.bot.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = stack.command("start other")
        assert answer.acknowledged
        assert answer.reply is not None
        assert "Reference" in answer.reply.said
        stack.slack.wait_for(lambda: "tick_failed" in stack.bot.log, timeout=20)
        other.execute("ROLLBACK")
    stack.command("stop", by="ben")
    stack.wait_card("ended", reason="stopped")
    assert stack.alerts() == []
