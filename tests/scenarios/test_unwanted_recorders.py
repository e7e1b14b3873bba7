"""A recorder that nobody wants is ended, whatever is killed meanwhile; people are left alone."""

from __future__ import annotations

import pytest
from structlog.typing import EventDict

from simulator.agora import RecorderView
from tests.scenarios.stack import Stack

SOMEBODY = 3_999_999_999
"""A person with a uid in the recorders' range."""
LISTED = pytest.mark.parametrize("agora_options", [{}, {"list_recorders": True}], ids=["unlisted", "listed"])


def wait_gone(stack: Stack) -> None:
    """The bot knows of every unwanted recorder that it is gone."""
    stack.wait_for(
        lambda: stack.repositories.recorders.count_not_gone() == 0, timeout=7200, what="that every recorder is gone"
    )


def recorders(stack: Stack) -> list[RecorderView]:
    return stack.agora.recorders("daily")


@LISTED
def test_one_without_a_known_sid_is_removed_by_its_uid(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    # The answers get lost, and repeats are refused: there is one recorder, whose sid nobody knows.
    stack.agora.fault("start", lost="answer")
    stack.agora.fault("start", answer="unauthorized", times=None)
    stack.kill_during("throw_out", lambda: stack.command("start daily"))
    stack.kill_during("throw_out")
    stack.wait_agora(lambda agora: recorders(stack) and not agora.running())
    assert [recorder.ended_by for recorder in recorders(stack)] == ["thrown_out"]
    wait_gone(stack)
    assert {seen.body["uid"] for seen in stack.agora.requests("kick")} == {recorders(stack)[0].uid}  # type: ignore[index]
    assert [person.uid for person in stack.agora.people("daily")] == [1001]
    stack.wait_card("failed", reason="unauthorized")
    assert stack.alert_kinds() == [("recording_failed", "unauthorized")]


def test_one_with_a_sid_is_stopped(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.agora.force_new("daily", 2)
    stack.command("start daily")
    # It never comes up, so it is given up.
    for _ in range(2):
        stack.kill_during("stop")
    stack.wait_agora(lambda agora: recorders(stack) and not agora.running())
    assert [recorder.ended_by for recorder in recorders(stack)] == ["stopped"]
    wait_gone(stack)
    assert stack.agora.requests("kick") == []
    assert stack.alert_kinds() == [("recording_failed", "never_started")]


@pytest.mark.parametrize("agora_options", [{"list_recorders": True}])
def test_after_a_restart_a_recorder_that_came_back_is_removed_and_nobody_else(
    stack: Stack, log: list[EventDict]
) -> None:
    stack.start()
    stack.recording()
    gone = stack.agora.running()[0].uid
    stack.command("stop")
    stack.wait_card("ended")
    stack.recording("weekly")
    weekly = stack.agora.running()[0].sid
    stack.stop()
    stack.agora.join("daily", gone)
    stack.agora.join("daily", SOMEBODY)
    stack.restart()
    stack.wait_agora(lambda agora: gone not in {person.uid for person in agora.people("daily")})
    stack.after_queries(3)
    assert {line["uid"] for line in log if line["event"] == "unknown_uid"} == {SOMEBODY}
    assert {line["uid"] for line in log if line["event"] == "recorder_came_back"} == {gone}
    assert {person.uid for person in stack.agora.people("daily")} == {1000, SOMEBODY}
    assert [recorder.sid for recorder in stack.agora.running()] == [weekly]
    assert {seen.body["uid"] for seen in stack.agora.requests("kick")} == {gone}  # type: ignore[index]
