"""Unwanted recorders are ended even if the bot is killed meanwhile, and people are never removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from engine.calls import AgoraCalls
from engine.janitor import Janitor
from recordings.errors import StorageUnavailable
from recordings.repositories import RecorderRepository
from simulator.agora import AgoraSimulator, RecorderView
from tests.fakes.rows import FunctionClock
from tests.system.conftest import Stack

PERSON = 3_999_999_999
"""A person whose uid is in the recorders' range."""
LISTED = pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}], ids=["unlisted", "listed"])


def logged(stack: Stack, event: str) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in stack.bot.log.splitlines() if f'"{event}"' in line)
    return [line for line in lines if line["event"] == event]


def wait_gone(stack: Stack, count: int = 1) -> None:
    """Waits until the bot has logged that many unwanted recorders as gone."""
    stack.slack.wait_for(
        lambda: len({line["recorder"] for line in logged(stack, "unwanted_recorder") if line["gone"]}) >= count,
        timeout=30,
        what="an unwanted recorder that is logged as gone",
    )


def kill_at(stack: Stack, operation: str, times: int, **settings: str) -> None:
    """Kills and restarts the bot each time such a request is under way."""
    number = stack.agora.fault(operation, hang="request")
    for left in reversed(range(times)):
        stack.wait_agora(_is_hit(number))
        stack.bot.kill()
        stack.agora.clear_faults(number)
        if left:
            number = stack.agora.fault(operation, hang="request")
        stack.restart(**settings)


def _is_hit(fault: int) -> Callable[[AgoraSimulator], int]:
    return lambda agora: agora.faults()[fault - 1].hits


def recorders(stack: Stack) -> list[RecorderView]:
    return stack.agora.recorders("daily")


@LISTED
def test_a_recorder_without_a_known_sid_is_thrown_out_by_its_uid(stack: Stack) -> None:
    stack.start(START_TIMEOUT_SECONDS="4")
    stack.agora.join("daily", 1001)
    # The response is lost and retries are rejected, so there is one recorder whose sid the bot does not know.
    stack.agora.fault("start", lost="answer")
    stack.agora.fault("start", answer="unauthorized", times=None)
    stack.command("start daily")
    kill_at(stack, "kick", 2, START_TIMEOUT_SECONDS="4")
    stack.wait_agora(lambda agora: recorders(stack) and not agora.running())
    assert [recorder.ended_by for recorder in recorders(stack)] == ["thrown_out"]
    wait_gone(stack)
    assert {request.body["uid"] for request in stack.agora.requests("kick")} == {recorders(stack)[0].uid}  # type: ignore[index]
    assert [person.uid for person in stack.agora.people("daily")] == [1001]
    stack.wait_card("failed", reason="unauthorized")
    # There are two if the process was killed between Slack's response and the mark in the row.
    assert set(stack.alert_kinds()) == {("recording_failed", "unauthorized")}


def test_a_recorder_with_a_known_sid_is_stopped(stack: Stack) -> None:
    settings = {"START_TIMEOUT_SECONDS": "2"}
    stack.start(**settings)
    stack.agora.join("daily", 1001)
    stack.agora.force_new("daily", 2)
    stack.command("start daily")
    # It never comes up, so the start times out.
    kill_at(stack, "stop", 2, **settings)
    stack.wait_agora(lambda agora: recorders(stack) and not agora.running())
    assert [recorder.ended_by for recorder in recorders(stack)] == ["stopped"]
    wait_gone(stack)
    assert stack.agora.requests("kick") == []
    assert set(stack.alert_kinds()) == {("recording_failed", "never_started")}


def test_a_recorder_that_comes_up_after_its_start_failed_is_ended(stack: Stack) -> None:
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
    # It may come up before the bot removes it, or be banned already.
    assert recorders(stack)[0].ended_by in ("banned", "thrown_out")
    assert not recorders(stack)[0].recorded
    assert [person.uid for person in stack.agora.people("daily")] == [1001]


def test_a_recorder_that_comes_up_beside_its_replacement_is_ended(stack: Stack) -> None:
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


@pytest.mark.parametrize("agora_options", [{"list_recorders": True}])
def test_at_startup_the_janitor_throws_out_returned_recorders_and_nobody_else(stack: Stack) -> None:
    stack.start()
    stack.recording()
    gone = stack.agora.running()[0].uid
    stack.command("stop")
    stack.wait_card("ended")
    stack.recording("weekly")
    weekly = stack.agora.running()[0].sid
    stack.bot.kill()
    stack.agora.join("daily", gone)
    stack.agora.join("daily", PERSON)
    stack.restart()
    stack.wait_agora(lambda agora: gone not in {person.uid for person in agora.people("daily")})
    stack.slack.wait_for(lambda: logged(stack, "unknown_uid"), timeout=10, what="the log line")
    stack.slack.wait_for(lambda: logged(stack, "recorder_came_back"), timeout=10, what="the log line")
    assert {line["uid"] for line in logged(stack, "unknown_uid")} == {PERSON}
    assert {line["uid"] for line in logged(stack, "recorder_came_back")} == {gone}
    stack.after_queries(3)
    assert {person.uid for person in stack.agora.people("daily")} == {1000, PERSON}
    assert [recorder.sid for recorder in stack.agora.running()] == [weekly]
    assert {request.body["uid"] for request in stack.agora.requests("kick")} == {gone}  # type: ignore[index]


def test_without_a_database_the_janitors_first_round_is_only_delayed() -> None:
    now = datetime.now(UTC)
    recorders = Mock(RecorderRepository)
    recorders.channels.side_effect = [StorageUnavailable("database is locked"), ["daily"]]
    janitor = Janitor(recorders, Mock(AgoraCalls), FunctionClock(lambda: now))
    with pytest.raises(StorageUnavailable):
        janitor.due()
    assert janitor.due() == [("daily", now)]
