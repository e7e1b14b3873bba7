"""A recorder that nobody wants is ended, whatever is killed meanwhile; people are left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from engine.calls import Calls
from engine.janitor import Janitor
from recordings.errors import StorageUnavailable
from recordings.repositories import RecorderRepository
from simulator.agora import AgoraSimulator, RecorderView
from tests.fakes.rows import FunctionClock
from tests.system.conftest import Stack

SOMEBODY = 3_999_999_999
"""A person with a uid in the recorders' range."""
LISTED = pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}], ids=["unlisted", "listed"])


def logged(stack: Stack, event: str) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in stack.bot.log.splitlines() if f'"{event}"' in line)
    return [line for line in lines if line["event"] == event]


def wait_gone(stack: Stack, count: int = 1) -> None:
    """The bot knows of so many unwanted recorders that they are gone."""
    stack.slack.wait_for(
        lambda: len({line["recorder"] for line in logged(stack, "unwanted_recorder") if line["gone"]}) >= count,
        timeout=30,
        what="an unwanted recorder that is known to be gone",
    )


def die_at(stack: Stack, operation: str, times: int, **settings: str) -> None:
    """Killed and started again each time that such a request is under way."""
    number = stack.agora.fault(operation, hang="request")
    for left in reversed(range(times)):
        stack.wait_agora(_met(number))
        stack.bot.kill()
        stack.agora.clear_faults(number)
        if left:
            number = stack.agora.fault(operation, hang="request")
        stack.restart(**settings)


def _met(fault: int) -> Callable[[AgoraSimulator], int]:
    return lambda agora: agora.faults()[fault - 1].hits


def recorders(stack: Stack) -> list[RecorderView]:
    return stack.agora.recorders("daily")


@LISTED
def test_one_whose_sid_was_never_learnt_is_thrown_out_by_its_uid_and_seen_to_be_gone(stack: Stack) -> None:
    stack.start(START_TIMEOUT_SECONDS="4")
    stack.agora.join("daily", 1001)
    # The answers get lost, and repeats are refused: there is one recorder, whose sid nobody knows.
    stack.agora.fault("start", lost="answer")
    stack.agora.fault("start", answer="unauthorized", times=None)
    stack.command("start daily")
    die_at(stack, "kick", 2, START_TIMEOUT_SECONDS="4")
    stack.wait_agora(lambda agora: recorders(stack) and not agora.running())
    assert [recorder.ended_by for recorder in recorders(stack)] == ["thrown_out"]
    wait_gone(stack)
    assert {seen.body["uid"] for seen in stack.agora.requests("kick")} == {recorders(stack)[0].uid}  # type: ignore[index]
    assert [person.uid for person in stack.agora.people("daily")] == [1001]
    stack.wait_card("failed", reason="unauthorized")
    # Twice where the process died between Slack's answer and its mark in the row.
    assert set(stack.alert_kinds()) == {("recording_failed", "unauthorized")}


def test_one_with_a_sid_is_stopped_and_seen_to_be_gone(stack: Stack) -> None:
    settings = {"START_TIMEOUT_SECONDS": "2"}
    stack.start(**settings)
    stack.agora.join("daily", 1001)
    stack.agora.force_new("daily", 2)
    stack.command("start daily")
    # It never comes up, so it is given up.
    die_at(stack, "stop", 2, **settings)
    stack.wait_agora(lambda agora: recorders(stack) and not agora.running())
    assert [recorder.ended_by for recorder in recorders(stack)] == ["stopped"]
    wait_gone(stack)
    assert stack.agora.requests("kick") == []
    assert set(stack.alert_kinds()) == {("recording_failed", "never_started")}


def test_one_that_comes_up_long_after_its_start_was_given_up_ends_too(stack: Stack) -> None:
    settings = {"START_TIMEOUT_SECONDS": "3"}
    stack.start(**settings)
    stack.agora.join("daily", 1001)
    late = stack.agora.fault("start", delay=7)
    stack.agora.fault("start", lost="request", times=None)
    stack.command("start daily")
    stack.wait_agora(_met(late))
    stack.bot.kill()
    stack.restart(**settings)
    stack.wait_card("failed", reason="unavailable")
    stack.wait_agora(lambda agora: recorders(stack), timeout=20)
    stack.wait_agora(lambda agora: not agora.running())
    # It may come up while the bot is still after it, or find itself banned.
    assert recorders(stack)[0].ended_by in ("banned", "thrown_out")
    assert not recorders(stack)[0].recorded
    assert [person.uid for person in stack.agora.people("daily")] == [1001]


def test_one_that_comes_up_beside_the_recorder_that_took_its_place_is_ended_and_that_one_stays(stack: Stack) -> None:
    settings = {"START_TIMEOUT_SECONDS": "30"}
    stack.start(**settings)
    stack.agora.join("daily", 1001)
    late = stack.agora.fault("start", delay=5)
    stack.agora.fault("start", lost="request", times=4)
    stack.command("start daily")
    stack.wait_agora(_met(late))
    stack.bot.kill()
    stack.restart(**settings)
    card = stack.wait_red()
    stack.wait_agora(lambda agora: len(recorders(stack)) == 2, timeout=20)
    stack.wait_agora(lambda agora: len(agora.running()) == 1)
    assert stack.agora.running()[0].sid == card.event_payload["sid"]
    stack.after_queries(5)
    assert len(stack.agora.running()) == 1
    assert stack.alerts() == []


@pytest.mark.parametrize("agora_options", [{"list_recorders": True}])
def test_at_its_start_the_janitor_throws_out_what_should_be_gone_and_nobody_else(stack: Stack) -> None:
    stack.start()
    stack.recording()
    gone = stack.agora.running()[0].uid
    stack.command("stop")
    stack.wait_card("ended")
    stack.recording("weekly")
    weekly = stack.agora.running()[0].sid
    stack.bot.kill()
    stack.agora.join("daily", gone)
    stack.agora.join("daily", SOMEBODY)
    stack.restart()
    stack.wait_agora(lambda agora: gone not in {person.uid for person in agora.people("daily")})
    stack.slack.wait_for(lambda: logged(stack, "unknown_uid"), timeout=10, what="a word in the log")
    stack.slack.wait_for(lambda: logged(stack, "recorder_came_back"), timeout=10, what="a word in the log")
    assert {line["uid"] for line in logged(stack, "unknown_uid")} == {SOMEBODY}
    assert {line["uid"] for line in logged(stack, "recorder_came_back")} == {gone}
    stack.after_queries(3)
    assert {person.uid for person in stack.agora.people("daily")} == {1000, SOMEBODY}
    assert [recorder.sid for recorder in stack.agora.running()] == [weekly]
    assert {seen.body["uid"] for seen in stack.agora.requests("kick")} == {gone}  # type: ignore[index]


def test_a_database_that_is_away_at_the_janitors_first_look_only_delays_that_look() -> None:
    now = datetime.now(UTC)
    recorders = Mock(RecorderRepository)
    recorders.channels.side_effect = [StorageUnavailable("database is locked"), ["daily"]]
    janitor = Janitor(recorders, Mock(Calls), FunctionClock(lambda: now))
    with pytest.raises(StorageUnavailable):
        janitor.due()
    assert janitor.due() == [("daily", now)]
