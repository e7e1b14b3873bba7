"""A signal ends the process in time, whatever hangs; the rows say where to go on."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable

import pytest

from tests.system.conftest import Office, payload

pytestmark = pytest.mark.cold


def ends(office: Office) -> float:
    code, seconds = office.bot.stop()
    assert code == 0, office.bot.log[-2000:]
    assert seconds < 10
    assert "Traceback" not in office.bot.log
    return seconds


def test_an_idle_bot_ends_at_once(office: Office) -> None:
    office.start()
    assert ends(office) < 3


def test_a_bot_that_watches_a_recording_ends_and_the_recording_goes_on(office: Office) -> None:
    office.start()
    card = office.recording()
    ends(office)
    assert [recorder.sid for recorder in office.agora.running()] == [payload(card)["sid"]]
    office.restart()
    office.after_queries(3)
    assert len(office.agora.recorders()) == 1


def test_sigint_ends_it_too(office: Office) -> None:
    office.start()
    assert office.bot.process is not None
    office.bot.process.send_signal(signal.SIGINT)
    assert office.bot.process.wait(10) == 0


def test_a_second_signal_changes_nothing(office: Office) -> None:
    office.start()
    office.agora.fault("*", hang="request", times=None)
    office.command("start daily")
    office.wait_agora(lambda agora: agora.in_flight())
    assert office.bot.process is not None
    office.bot.process.send_signal(signal.SIGTERM)
    ends(office)


def agora_hangs(office: Office) -> None:
    office.recording()
    office.agora.fault("*", hang="answer", times=None)
    for name in ("one", "two", "three"):
        office.command(f"start {name}")
    office.wait_agora(lambda agora: len(agora.in_flight()) >= 2)


def slack_hangs(office: Office) -> None:
    office.recording()
    fault = office.slack.faults.add("*", hang=True)
    office.command("start other")
    office.agora.kill("daily")
    office.slack.wait_for(lambda: fault.hits >= 2)


def both_hang(office: Office) -> None:
    agora_hangs(office)
    office.slack.faults.add("*", hang=True)
    office.command("start other")


def both_are_away(office: Office) -> None:
    office.recording()
    office.agora.down()
    office.slack.down()


def slack_is_silent(office: Office) -> None:
    office.recording()
    office.slack_server.sockets.silence()


@pytest.mark.parametrize("trouble", [agora_hangs, slack_hangs, both_hang, both_are_away, slack_is_silent])
def test_it_ends_in_time_while(office: Office, trouble: Callable[[Office], None]) -> None:
    office.start()
    trouble(office)
    ends(office)


def test_it_ends_in_time_while_slack_never_let_it_in(office: Office) -> None:
    fault = office.slack.faults.add("*", hang=True)
    office.bot.start()
    office.slack.wait_for(lambda: fault.hits >= 2, timeout=20)
    ends(office)


def test_it_ends_in_time_while_the_database_cannot_be_opened(office: Office) -> None:
    office.bot.start(DATABASE_URL=f"sqlite:///{office.bot.folder}/nowhere/recordings.db")
    office.slack.wait_for(lambda: "database_unavailable" in office.bot.log, timeout=20)
    ends(office)


@pytest.mark.usefixtures("on_sqlite")
def test_it_ends_in_time_while_somebody_holds_the_database(office: Office) -> None:
    office.start()
    office.recording()
    with sqlite3.connect(office.bot.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        office.slack.wait_for(lambda: "database is locked" in office.bot.log, timeout=20)
        ends(office)
        other.execute("ROLLBACK")


def test_a_start_that_a_signal_cut_off_is_one_known_recorder_after_the_restart(office: Office) -> None:
    office.start()
    office.agora.join("daily", 1001)
    office.agora.fault("start", hang="answer", times=1)
    office.command("start daily")
    office.wait_agora(lambda agora: agora.running())
    ends(office)
    office.agora.clear_faults()
    office.restart(START_TIMEOUT_SECONDS="30")
    card = office.wait_card("recording")
    office.wait_agora(lambda agora: [recorder.sid for recorder in agora.running()] == [payload(card)["sid"]])
    assert office.alerts() == []


@pytest.mark.usefixtures("on_sqlite")
def test_a_database_that_is_held_for_a_while_is_waited_for(office: Office) -> None:
    office.start()
    office.recording()
    with sqlite3.connect(office.bot.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = office.command("start other")
        assert answer.acknowledged
        assert answer.reply is not None
        assert "Reference" in answer.reply.said
        office.slack.wait_for(lambda: "tick_failed" in office.bot.log, timeout=20)
        other.execute("ROLLBACK")
    office.command("stop", by="ben")
    office.wait_card("ended", reason="stopped")
    assert office.alerts() == []
