"""Timeline entries go to the thread of the card, in order, after the alerts, until Slack has them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from recordings.errors import SlackBusy, SlackRefused
from tests.fakes.intents import set_end
from tests.fakes.rows import NOW, at, up
from tests.unit.messages.delivery.stack import BUSY, DeliveryStack


@pytest.fixture
def stack() -> DeliveryStack:
    """A recording with a card is up."""
    stack = DeliveryStack()
    stack.add(up(card_ts="1.1"))
    stack.clock.passes(5)
    return stack


def extend(stack: DeliveryStack, minutes: float = 30) -> None:
    set_end(stack.recordings, "rec1", "U2", stack.clock.now(), lambda _: at(minutes * 60))


def test_an_entry_is_in_the_thread_and_not_in_the_channel(stack: DeliveryStack) -> None:
    extend(stack)
    stack.run(stack.timeline)

    (post,) = stack.posted()
    assert (post.thread_ts, post.broadcast) == (stack.row().card_ts, False)
    assert "<@U2> added time: ends <!date^" in post.message.text
    assert post.message.metadata == {}, "it needs nobody's attention"
    assert stack.due(stack.timeline) == []


def test_entries_come_in_order_and_no_faster_than_slack_allows(stack: DeliveryStack) -> None:
    for minutes in (30, 60, 90):
        extend(stack, minutes)
    stack.run_for(5, stack.timeline)

    posts = stack.posted()
    assert len(posts) == 3
    assert all(str(int(at(60 * 30 * (n + 1)).timestamp())) in post.message.text for n, post in enumerate(posts))
    assert all((two.at - one.at).total_seconds() >= 1 for one, two in pairwise(posts))


def test_an_alert_goes_before_an_entry_that_came_first(stack: DeliveryStack) -> None:
    extend(stack)
    stack.raise_alert(stack.row())
    stack.run_for(5, stack.timeline, stack.alerts)

    assert [bool(post.message.metadata) for post in stack.posted()] == [True, False]


def test_an_entry_that_fails_for_now_is_repeated(stack: DeliveryStack) -> None:
    extend(stack)
    stack.slack.fails(BUSY, SlackBusy("ratelimited", retry_after=7))
    stack.run_for(20, stack.timeline)

    (post,) = stack.posted()
    assert (post.at - NOW).total_seconds() >= 5 + 7


@pytest.mark.parametrize("error", ["channel_not_found", "is_archived", "thread_not_found", "invalid_blocks"])
def test_an_entry_that_slack_refuses_for_good_is_dropped(stack: DeliveryStack, error: str) -> None:
    extend(stack)
    stack.slack.fails(SlackRefused(error))
    stack.run_for(5, stack.timeline)

    assert stack.posted() == []
    assert stack.due(stack.timeline) == []


def test_without_a_card_there_is_no_thread_and_no_entry(stack: DeliveryStack) -> None:
    stack.add(up(id="rec2", agora_channel="other", slack_channel="C2", card_ts=None))
    set_end(stack.recordings, "rec2", "U2", stack.clock.now(), lambda _: at(60))
    stack.run(stack.timeline)

    assert stack.posted("C2") == []
    assert stack.due(stack.timeline) == []
