"""Cards are edited until they show their row, and never faster than Slack allows."""

from __future__ import annotations

import pytest

from recordings.errors import SlackBusy, SlackRefused, SlackUnanswered
from recordings.model.reason import Reason
from recordings.model.recording import State
from tests.fakes.rows import a_recording, at, up
from tests.unit.messages.delivery.stack import BUSY, DeliveryStack


def test_a_changed_row_leads_to_one_edit(stack: DeliveryStack) -> None:
    stack.add(up())
    stack.change(state=State.INTERRUPTED)
    stack.run_for(5, stack.cards)

    assert "Checking on daily" in stack.card.message.text
    assert len(stack.card.edits) == 1
    assert stack.due(stack.cards) == []


def test_many_changes_in_a_short_time_lead_to_few_edits_and_the_last_is_shown(stack: DeliveryStack) -> None:
    stack.add(up())
    for number in range(20):
        stack.change(state=[State.INTERRUPTED, State.RECORDING][number % 2])
        stack.run_for(0.5, stack.cards)
    assert len(stack.card.edits) <= 5

    stack.run_for(20, stack.cards)

    assert "Recording" in stack.card.message.text
    assert len(stack.card.edits) <= 5


def test_the_end_of_a_recording_is_shown_without_a_wait(stack: DeliveryStack) -> None:
    stack.add(up())
    for number in range(20):
        stack.change(state=[State.INTERRUPTED, State.RECORDING][number % 2])
        stack.run_for(0.2, stack.cards)
    stack.change(state=State.FAILED, reason=Reason.LOST)
    stack.run(stack.cards)

    assert "Recording of daily stopped" in stack.card.message.text


def test_sixty_cards_that_change_at_once_stay_below_fifty_edits_a_minute(stack: DeliveryStack) -> None:
    for number in range(60):
        stack.add(up(id=f"r{number}", agora_channel=f"a{number}"))
        stack.change(f"r{number}", state=State.INTERRUPTED)
    stack.run_for(59, stack.cards)
    assert stack.slack.calls.count("update") <= 50

    stack.run_for(60, stack.cards)
    assert stack.slack.calls.count("update") == 60


def test_a_deleted_card_is_posted_again_and_edited_there(stack: DeliveryStack) -> None:
    stack.add(up())
    first = stack.card
    first.deleted = True
    stack.change(state=State.INTERRUPTED)
    stack.run_for(3, stack.cards)

    assert stack.card is not first
    assert "Checking on daily" in stack.card.message.text

    stack.change(state=State.RECORDING)
    stack.run_for(5, stack.cards)
    assert "Recording" in stack.card.message.text
    assert len(stack.posted()) == 1


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long", "msg_too_long"])
def test_a_card_with_rejected_blocks_is_sent_as_plain_text(stack: DeliveryStack, error: str) -> None:
    stack.add(up())
    stack.change(state=State.INTERRUPTED)
    stack.slack.fails(SlackRefused(error))
    stack.run(stack.cards)

    assert stack.card.message.blocks == ()
    assert "Checking on daily" in stack.card.message.text
    assert stack.card.message.metadata["event_type"] == "recording_card"


@pytest.mark.parametrize("error", ["channel_not_found", "is_archived", "account_inactive"])
def test_a_card_that_slack_refuses_for_good_is_tried_once(stack: DeliveryStack, error: str) -> None:
    stack.add(up())
    stack.change(state=State.INTERRUPTED)
    stack.slack.failing = lambda call, where, message: SlackRefused(error)
    stack.run_for(60, stack.cards)

    assert stack.slack.calls.count("update") == 1


def test_a_card_in_an_archived_channel_is_corrected_once_the_channel_is_open_again(stack: DeliveryStack) -> None:
    stack.add(up())
    stack.slack.failing = lambda call, where, message: SlackRefused("is_archived")
    stack.change(state=State.ENDED, reason=Reason.STOPPED, ended_at=stack.clock.now())
    stack.run_for(60, stack.cards)
    stack.slack.failing = lambda call, where, message: None
    stack.clock.passes(600)
    stack.run(stack.cards)

    assert stack.card.message.metadata["event_payload"]["state"] == "ended"


def test_a_card_in_a_channel_that_stays_archived_is_given_up_after_a_day(stack: DeliveryStack) -> None:
    stack.add(up())
    stack.slack.failing = lambda call, where, message: SlackRefused("is_archived")
    stack.change(state=State.ENDED, reason=Reason.STOPPED, ended_at=stack.clock.now())
    for _ in range(200):
        stack.run(stack.cards)
        stack.clock.passes(600)

    assert 100 < stack.slack.calls.count("update") < 150
    assert stack.due(stack.cards) == []


def test_an_edit_that_fails_for_now_is_repeated_with_growing_waits(stack: DeliveryStack) -> None:
    stack.add(up())
    stack.change(state=State.INTERRUPTED)
    stack.slack.fails(BUSY, BUSY, BUSY)
    stack.run_for(6.5, stack.cards)
    assert stack.card.edits == []

    stack.run_for(2, stack.cards)
    assert len(stack.card.edits) == 1


@pytest.mark.parametrize("over", [False, True])
def test_an_edit_whose_answer_was_lost_is_followed_by_another_one_that_slack_carries_out_after_it(
    stack: DeliveryStack, over: bool
) -> None:
    stack.add(up())
    stack.slack.fails(SlackUnanswered("no_answer: TimeoutError"))
    stack.change(state=State.INTERRUPTED)
    stack.run(stack.cards)
    late = stack.card.message
    stack.run_for(2, stack.cards)
    assert "Checking on daily" in stack.card.message.text
    if over:
        stack.change(state=State.FAILED, reason=Reason.LOST)
        stack.run(stack.cards)
    newest = stack.card.message

    stack.card.message = late  # Slack carries out the edit that it did not answer
    stack.run_for(20, stack.cards)

    assert stack.card.message == newest != late
    assert len(stack.card.edits) == 2 + over
    assert stack.due(stack.cards) == []


def test_a_pause_that_slack_asks_for_applies_to_every_card(stack: DeliveryStack) -> None:
    for name in ("rec1", "rec2"):
        stack.add(up(id=name, agora_channel=name))
        stack.change(name, state=State.INTERRUPTED)
    stack.slack.fails(SlackBusy("ratelimited", retry_after=20))
    stack.run_for(19.5, stack.cards)
    assert stack.slack.calls.count("update") == 1

    stack.run_for(2, stack.cards)
    assert stack.slack.calls.count("update") == 3


def test_a_recording_that_was_stopped_before_it_had_a_card_gets_one_that_says_so(stack: DeliveryStack) -> None:
    stack.add(a_recording(stop_by="U2", stop_at=at(1)))
    stack.change(state=State.ENDED, reason=Reason.STOPPED, ended_at=at(1))
    stack.run_for(3, stack.cards)

    (post,) = stack.posted()
    assert "<@U2>" in str(post.message.blocks)


def test_a_new_card_waits_for_the_rate_limit_of_its_channel(stack: DeliveryStack) -> None:
    stack.poster.post_card(a_recording())
    with pytest.raises(SlackBusy) as busy:
        stack.poster.post_card(a_recording(id="rec2"))

    assert busy.value.retry_after == pytest.approx(1.05)
    assert stack.poster.post_card(a_recording(slack_channel="C2")), "another channel has a limit of its own"
