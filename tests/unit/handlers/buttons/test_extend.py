"""What a person reads after a press on Extend."""

from __future__ import annotations

from typing import Any

import pytest

from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from tests.fakes.handlers import CommandStack
from tests.fakes.rows import at, over, up
from tests.fakes.slack_requests import a_press


def presses(stack: CommandStack, message_ts: str, **facts: Any) -> str | None:
    message = stack.handlers.extend.answer(a_press("rec1", ts=message_ts, **facts))
    return None if message is None else message.text


@pytest.fixture
def stack() -> CommandStack:
    return CommandStack()


def test_a_press_on_the_card_moves_the_end_and_needs_no_reply(stack: CommandStack) -> None:
    stack.has(up(card_ts="1.1"))

    assert presses(stack, "1.1") is None
    assert (stack.row().intent.ends_at, stack.row().intent.extended_by) == (at(10 + 14_400 + 1_800), "U2")


def test_a_press_on_the_warning_is_answered_with_the_new_end(stack: CommandStack) -> None:
    stack.has(up(card_ts="1.1"))

    reply = str(presses(stack, "1.2"))

    assert f"*daily* now ends <!date^{int(at(10 + 14_400 + 1_800).timestamp())}^" in reply


def test_near_the_latest_end_the_reply_says_why_the_extension_is_shorter(stack: CommandStack) -> None:
    stack.has(up(card_ts="1.1", ends_at=at(10 + 82_000)))

    cut, none = str(presses(stack, "1.1")), str(presses(stack, "1.1"))

    for reply in (cut, none):
        assert f"<!date^{int(at(10 + 82_800).timestamp())}^" in reply
        assert "can't run longer than 23 hours" in reply
    assert "Start a new one then" in none
    assert stack.row().intent.ends_at == at(10 + 82_800)


def test_a_redelivered_press_counts_once_and_needs_no_reply(stack: CommandStack) -> None:
    stack.has(up(card_ts="1.1"))

    assert [presses(stack, "1.2", trigger_id="same") for _ in range(2)][1] is None
    assert stack.row().intent.ends_at == at(10 + 14_400 + 1_800)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (over(), "is over"),
        (up(state=State.UPLOADING, ended_at=at(60)), "is over"),
        (up(stop_at=at(50), stop_by="U7"), "<@U7> is already stopping *daily*"),
        (up(state=State.STOPPING, stop_reason=Reason.TIME_LIMIT), "Stopping *daily*"),
    ],
)
def test_a_press_that_comes_too_late_shows_the_state(stack: CommandStack, row: Recording, words: str) -> None:
    stack.has(row)

    assert words in str(presses(stack, "1.1"))
    assert stack.row() == row


def test_a_press_in_another_slack_channel_changes_nothing(stack: CommandStack) -> None:
    stack.has(up(slack_channel="C2"))

    assert "I can't find that recording" in str(presses(stack, "1.1"))
    assert stack.row().intent.ends_at is None
