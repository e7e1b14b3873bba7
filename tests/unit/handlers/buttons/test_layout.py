"""What a person reads after a choice in the layout menu."""

from __future__ import annotations

from typing import Any

import pytest

from messages.blocks import Message
from recordings.model.options import AppliedLayout, Layout, Media, Options
from recordings.model.recording import State
from tests.fakes.handlers import CommandStack
from tests.fakes.rendered import elements
from tests.fakes.rows import at, over, up
from tests.fakes.slack_requests import a_press

IN_A_REPLY = {"message_ts": "2.0", "is_ephemeral": True}


@pytest.fixture
def stack() -> CommandStack:
    return CommandStack()


def chooses(stack: CommandStack, value: str, **facts: Any) -> str | None:
    """A menu sends the chosen option."""
    choice = {"action_id": "change_layout", "selected_option": {"value": value}}
    message = stack.handlers.layout.answer(a_press("", actions=[choice], **facts))
    return None if message is None else message.text


def opens(stack: CommandStack, recording_id: str = "rec1", **facts: Any) -> Message:
    """Somebody chooses Change layout in the menu of the card."""
    return stack.handlers.layout_option.answer(a_press(recording_id, **facts))


def test_the_menu_offers_every_layout_and_shows_the_present_one(stack: CommandStack) -> None:
    stack.has(up())
    (menu,) = elements(opens(stack))

    assert [option["value"] for option in menu["options"]] == ["floating:rec1", "grid:rec1", "speaker:rec1"]
    assert menu["initial_option"]["text"]["text"] == "Grid"


def test_a_refused_layout_is_not_shown_as_chosen(stack: CommandStack) -> None:
    choice = {"chosen_layout": Layout.SPEAKER, "layout_by": "U2", "layout_at": at(20)}
    stack.has(up(**choice, applied_layout=AppliedLayout(refused_at=at(20))))
    (menu,) = elements(opens(stack))

    assert menu["initial_option"]["text"]["text"] == "Grid"


def test_there_is_nothing_to_choose_where_the_layout_cannot_be_changed(stack: CommandStack) -> None:
    stack.has(over(), up(id="rec2", agora_channel="talk", options=Options(media=Media.AUDIO)))

    assert "is over" in opens(stack).text
    assert "it has no layout" in opens(stack, "rec2").text
    assert "I can't find that recording" in opens(stack, channel="C2").text


def test_the_answer_says_what_happens_and_when(stack: CommandStack) -> None:
    stack.has(up(people_count=0))

    assert chooses(stack, "floating:rec1", container=IN_A_REPLY) == "Changing the layout of *daily* to Floating."
    assert "It changes once someone joins." in str(chooses(stack, "speaker:rec1", container=IN_A_REPLY))


def test_people_who_are_in_the_call_are_not_waited_for(stack: CommandStack) -> None:
    stack.has(up(people_count=2))

    assert chooses(stack, "speaker:rec1", container=IN_A_REPLY) == "Changing the layout of *daily* to Speaker."


def test_a_choice_on_a_card_of_the_previous_release_needs_no_reply(stack: CommandStack) -> None:
    stack.has(up())

    assert chooses(stack, "speaker:rec1") is None
    assert (stack.row().intent.layout, stack.row().intent.layout_by) == (Layout.SPEAKER, "U2")


def test_a_choice_that_changes_nothing_says_so(stack: CommandStack) -> None:
    stack.has(up())

    assert "*daily* already has the layout Grid." in str(chooses(stack, "grid:rec1"))
    chooses(stack, "speaker:rec1")
    pending = str(chooses(stack, "speaker:rec1"))
    assert "*daily* is already changing to the layout Speaker: <@U2> chose it." in pending


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
