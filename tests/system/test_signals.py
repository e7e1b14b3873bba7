"""A signal ends the process in time, even while something hangs; the next process continues from the rows."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable

import pytest

from tests.system.conftest import Stack, payload


def check_stops(stack: Stack) -> float:
    """Stops the bot with SIGTERM and returns the seconds until its exit."""
    code, seconds = stack.bot.stop()
    assert code == 0, stack.bot.log[-2000:]
    assert seconds < 10
    assert "Traceback" not in stack.bot.log
    return seconds


@pytest.mark.cold
def test_an_idle_bot_exits_at_once(stack: Stack) -> None:
    stack.start()
    assert check_stops(stack) < 3


def test_a_recording_continues_while_the_bot_is_stopped_and_restarted(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    check_stops(stack)
    assert [recorder.sid for recorder in stack.agora.running()] == [payload(card)["sid"]]
    stack.restart()
    stack.after_queries(3)
    assert len(stack.agora.recorders()) == 1


@pytest.mark.cold
def test_sigint_stops_the_bot_too(stack: Stack) -> None:
    stack.start()
    assert stack.bot.process is not None
    stack.bot.process.send_signal(signal.SIGINT)
    assert stack.bot.process.wait(10) == 0


@pytest.mark.cold
def test_a_second_signal_has_no_effect(stack: Stack) -> None:
    stack.start()
    stack.agora.fault("*", hang="request", times=None)
    stack.command("start daily")
    stack.wait_agora(lambda agora: agora.in_flight())
    assert stack.bot.process is not None
    stack.bot.process.send_signal(signal.SIGTERM)
    check_stops(stack)


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


def both_are_down(stack: Stack) -> None:
    stack.recording()
    stack.agora.down()
    stack.slack.down()


def slack_is_silent(stack: Stack) -> None:
    stack.recording()
    stack.slack_server.sockets.silence()


@pytest.mark.parametrize("failure", [agora_hangs, slack_hangs, both_hang, both_are_down, slack_is_silent])
def test_the_bot_exits_in_time_while(stack: Stack, failure: Callable[[Stack], None]) -> None:
    stack.start()
    failure(stack)
    check_stops(stack)


@pytest.mark.cold
def test_the_bot_exits_in_time_before_it_connects_to_slack(stack: Stack) -> None:
    fault = stack.slack.faults.add("*", hang=True)
    stack.bot.start()
    stack.slack.wait_for(lambda: fault.hits >= 2, timeout=20)
    check_stops(stack)


def test_the_bot_exits_in_time_while_it_cannot_open_the_database(stack: Stack) -> None:
    stack.bot.start(DATABASE_URL=f"sqlite:///{stack.bot.folder}/nowhere/recordings.db")
    stack.slack.wait_for(lambda: "database_unavailable" in stack.bot.log, timeout=20)
    check_stops(stack)


@pytest.mark.usefixtures("on_sqlite")
def test_the_bot_exits_in_time_while_the_database_is_locked(stack: Stack) -> None:
    stack.start()
    stack.recording()
    with sqlite3.connect(stack.bot.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        stack.slack.wait_for(lambda: "database is locked" in stack.bot.log, timeout=20)
        check_stops(stack)
        other.execute("ROLLBACK")


def test_a_start_interrupted_by_a_signal_is_one_known_recorder_after_the_restart(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.agora.fault("start", hang="answer", times=1)
    stack.command("start daily")
    stack.wait_agora(lambda agora: agora.running())
    check_stops(stack)
    stack.agora.clear_faults()
    stack.restart(START_TIMEOUT_SECONDS="30")
    card = stack.wait_card("recording")
    stack.wait_agora(lambda agora: [recorder.sid for recorder in agora.running()] == [payload(card)["sid"]])
    assert stack.alerts() == []


@pytest.mark.usefixtures("on_sqlite")
def test_the_bot_continues_after_the_database_was_locked(stack: Stack) -> None:
    stack.start()
    stack.recording()
    with sqlite3.connect(stack.bot.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        command = stack.command("start other")
        assert command.acknowledged
        assert command.reply is not None
        assert "Error" in command.reply.said
        stack.slack.wait_for(lambda: "tick_failed" in stack.bot.log, timeout=20)
        other.execute("ROLLBACK")
    stack.command("stop", by="ben")
    stack.wait_card("ended", reason="stopped")
    assert stack.alerts() == []
