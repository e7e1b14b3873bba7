"""What a person reads after a choice in the layout menu."""

from __future__ import annotations

from typing import Any

import pytest

from recordings.model.options import Layout, Media, Options
from recordings.model.recording import State
from tests.fakes.handlers import CommandStack
from tests.fakes.rows import at, over, up
from tests.fakes.slack_requests import a_press


@pytest.fixture
def stack() -> CommandStack:
    return CommandStack()


def chooses(stack: CommandStack, value: str, **facts: Any) -> str | None:
    """A menu sends the chosen option."""
    choice = {"action_id": "change_layout", "selected_option": {"value": value}}
    message = stack.handlers.layout.answer(a_press("", actions=[choice], **facts))
    return None if message is None else message.text


def test_the_card_shows_a_new_layout_so_there_is_no_reply(stack: CommandStack) -> None:
    stack.has(up())

    assert chooses(stack, "speaker:rec1") is None
    assert (stack.row().intent.layout, stack.row().intent.layout_by) == (Layout.SPEAKER, "U2")


def test_a_choice_that_changes_nothing_says_so(stack: CommandStack) -> None:
    stack.has(up())

    assert "*daily* already has the layout Grid." in str(chooses(stack, "grid:rec1"))


def test_a_recording_of_sound_only_has_no_layout(stack: CommandStack) -> None:
    stack.has(up(options=Options(media=Media.AUDIO)))

    assert "*daily* is recorded as audio only" in str(chooses(stack, "speaker:rec1"))


def test_a_choice_that_comes_too_late_shows_the_state(stack: CommandStack) -> None:
    stack.has(over())
    stack.has(up(id="rec2", agora_channel="weekly", stop_at=at(50), stop_by="U7"))
    stack.has(up(id="rec3", agora_channel="talk", state=State.UPLOADING, ended_at=at(60)))

    assert "is over" in str(chooses(stack, "speaker:rec1"))
    assert "<@U7> is already stopping *weekly*" in str(chooses(stack, "speaker:rec2"))
    assert "is over" in str(chooses(stack, "speaker:rec3"))


@pytest.mark.parametrize(
    ("value", "channel"), [("speaker:rec1", "C2"), ("speaker:nobody", "C1"), ("round:rec1", "C1"), ("", "C1")]
)
def test_a_choice_for_an_unknown_recording_or_layout_changes_nothing(
    stack: CommandStack, value: str, channel: str
) -> None:
    stack.has(up())

    assert "I can't find that recording" in str(chooses(stack, value, channel=channel))
    assert stack.row() == up()
