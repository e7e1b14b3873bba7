"""What a person reads after a press on Stop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recordings.model.reason import Reason
from tests.fakes.handlers import CommandStack
from tests.fakes.rows import at, over, up
from tests.fakes.slack_requests import a_press

IN_A_LIST = {"type": "message", "is_ephemeral": True}


def presses(stack: CommandStack, value: str, **facts: Any) -> str | None:
    message = stack.handlers.stop.answer(a_press(value, **facts))
    return None if message is None else message.text


@pytest.fixture
def stack() -> CommandStack:
    return CommandStack()


def test_a_press_on_the_card_needs_no_reply(stack: CommandStack) -> None:
    stack.has(up())

    assert presses(stack, "rec1") is None
    assert stack.row().intent.stop_by == "U2"


def test_a_press_on_the_card_while_agora_rejects_the_sign_in_is_answered(stack: CommandStack) -> None:
    recording = up()
    rejected = replace(recording.probe, unanswered_since=at(60), unanswered_reason=Reason.UNAUTHORIZED)
    stack.has(replace(recording, probe=rejected))

    assert "I can't stop *daily* yet" in str(presses(stack, "rec1"))


def test_a_press_in_a_list_of_recordings_is_answered(stack: CommandStack) -> None:
    stack.has(up())

    assert "Stopping *daily*" in str(presses(stack, "rec1", container=IN_A_LIST))


def test_a_second_press_names_the_person_who_stopped_first(stack: CommandStack) -> None:
    stack.has(up(stop_at=at(1), stop_by="U7"))

    assert "<@U7>" in str(presses(stack, "rec1"))


def test_a_press_on_an_old_card_shows_how_the_recording_ended(stack: CommandStack) -> None:
    stack.has(over(reason=Reason.TIME_LIMIT, stop_by=None))

    assert "reached its time limit" in str(presses(stack, "rec1"))


@pytest.mark.parametrize(("value", "channel"), [("rec1", "C2"), ("nobody", "C1"), ("", "C1")])
def test_a_press_on_an_unknown_recording_stops_nothing(stack: CommandStack, value: str, channel: str) -> None:
    stack.has(up())

    assert "/record list" in str(presses(stack, value, channel=channel))
    assert stack.row().intent.stop_at is None
