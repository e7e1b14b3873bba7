"""A person whose recording has no card gets a reply, or a direct message."""

from __future__ import annotations

import pytest

from recordings.errors import SlackRefused
from recordings.model.reason import Reason
from recordings.model.recording import State
from tests.fakes.rows import a_recording, over
from tests.unit.messages.delivery.stack import BUSY, DeliveryStack


def fail_for_want_of_a_card(stack: DeliveryStack) -> None:
    """A recording that ended because the bot can't post its card."""
    stack.add(a_recording(), "https://hooks.example/secret")
    stack.change(state=State.FAILED, reason=Reason.UNDELIVERABLE, detail="not_in_channel")


def test_the_person_reads_how_to_invite_a_bot_that_cannot_post(stack: DeliveryStack) -> None:
    fail_for_want_of_a_card(stack)
    stack.run_for(2, stack.replies)

    ((url, message),) = stack.slack.answers
    assert url == "https://hooks.example/secret"
    assert "`/invite @recorder`" in message.text
    assert "then try again" in message.text
    assert stack.due(stack.replies) == []


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("channel_not_found", "/invite @recorder"),
        ("is_archived", "archived"),
        ("missing_scope (needed: chat:write)", "missing_scope"),
        ("restricted_action", "ask your recording admin"),
    ],
)
def test_the_reply_fits_the_cause(stack: DeliveryStack, detail: str, words: str) -> None:
    fail_for_want_of_a_card(stack)
    stack.change(detail=detail)
    stack.run_for(1, stack.replies)

    assert words in stack.slack.answers[0][1].text


def test_a_reply_that_fails_for_now_is_repeated(stack: DeliveryStack) -> None:
    fail_for_want_of_a_card(stack)
    stack.slack.fails(BUSY, BUSY)
    stack.run_for(10, stack.replies)

    assert len(stack.slack.answers) == 1


def test_a_response_url_that_expired_is_replaced_by_a_direct_message(stack: DeliveryStack) -> None:
    fail_for_want_of_a_card(stack)
    stack.slack.failing = lambda call, where, message: SlackRefused("http_404") if call == "answer" else None
    stack.run_for(10, stack.replies)

    (post,) = stack.posted("D-U1")
    assert "/invite @recorder" in post.message.text
    assert stack.slack.calls.count("answer") == 1


def test_a_recording_that_failed_for_another_reason_gets_no_reply(stack: DeliveryStack) -> None:
    stack.add(over(state=State.FAILED, reason=Reason.LOST), "https://hooks.example/secret")
    stack.run_for(2, stack.replies)

    assert stack.slack.answers == []
