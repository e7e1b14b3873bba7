"""Alerts are delivered in order, once, and never faster than Slack allows."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from messages.blocks import Message
from recordings.errors import SlackBusy, SlackError, SlackRefused
from recordings.model.alerts import AlertKind
from recordings.model.reason import Reason
from tests.fakes.rows import at, up
from tests.unit.messages.delivery.stack import BUSY, DeliveryStack


def test_an_alert_goes_to_the_thread_of_the_card_and_to_the_channel(stack: DeliveryStack) -> None:
    row = stack.add(up())
    stack.raise_alert(row)
    stack.run_for(3, stack.alerts)

    (post,) = stack.posted()
    assert (post.thread_ts, post.broadcast) == (row.card_ts, True)
    assert post.message.metadata["event_type"] == "recording_failed"
    assert stack.due(stack.alerts) == []


def test_the_alert_about_files_goes_to_the_thread_only(stack: DeliveryStack) -> None:
    row = stack.add(up())
    stack.raise_alert(row, kind=AlertKind.FILES, reason=None)
    stack.run_for(3, stack.alerts)

    assert [post.broadcast for post in stack.posted()] == [False]


@pytest.mark.parametrize("kind", sorted(set(AlertKind) - {AlertKind.FILES}))
def test_every_other_kind_is_also_shown_in_the_channel(stack: DeliveryStack, kind: AlertKind) -> None:
    row = stack.add(up())
    reason = {AlertKind.FAILED: Reason.LOST, AlertKind.ENDED: Reason.IDLE}.get(kind, Reason.NOTHING_STORED)
    stack.raise_alert(row, kind=kind, reason=reason)
    stack.run_for(3, stack.alerts)

    assert [post.broadcast for post in stack.posted()] == [True]


def test_without_a_card_an_alert_is_a_message_in_the_channel(stack: DeliveryStack) -> None:
    row = stack.add(up(card_ts=None))
    stack.raise_alert(row)
    stack.run_for(3, stack.alerts)

    (post,) = stack.posted()
    assert (post.thread_ts, post.broadcast) == (None, False)


def test_after_an_outage_of_slack_an_alert_is_delivered_once(stack: DeliveryStack) -> None:
    stack.raise_alert(stack.add(up()))
    down = stack.clock.now() + timedelta(seconds=600)
    stack.slack.failing = lambda call, where, message: BUSY if stack.clock.now() < down else None
    stack.run_for(700, stack.alerts)

    (post,) = stack.posted()
    assert post.at <= down + timedelta(seconds=31)
    assert stack.slack.calls.count("post") < 30, "with growing waits"


def test_an_alert_waits_as_long_as_slack_asks_for(stack: DeliveryStack) -> None:
    stack.raise_alert(stack.add(up()))
    stack.slack.fails(SlackBusy("ratelimited", retry_after=40))
    stack.run_for(60, stack.alerts)

    (post,) = stack.posted()
    assert post.at >= at(40)


def test_alerts_of_a_channel_come_in_order_even_if_the_first_is_deferred(stack: DeliveryStack) -> None:
    row = stack.add(up())
    stack.raise_alert(row, kind=AlertKind.WARNING, reason=Reason.NOTHING_STORED, cause="1")
    stack.raise_alert(row, kind=AlertKind.RECOVERED, reason=Reason.NOTHING_STORED, cause="1")
    stack.raise_alert(row, kind=AlertKind.FAILED, reason=Reason.LOST, cause="2")
    stack.slack.fails(BUSY)
    stack.run_for(20, stack.alerts)

    kinds = [post.message.metadata["event_type"] for post in stack.posted()]
    assert kinds == ["recording_warning", "recording_recovered", "recording_failed"]


def test_a_deferred_alert_does_not_delay_another_channel(stack: DeliveryStack) -> None:
    for channel in ("C1", "C2"):
        stack.raise_alert(stack.add(up(id=channel, agora_channel=channel, slack_channel=channel)))
    stack.slack.failing = lambda call, where, message: BUSY if where == "C1" else None
    stack.run_for(5, stack.alerts)

    assert (len(stack.posted("C1")), len(stack.posted("C2"))) == (0, 1)


def test_a_channel_gets_at_most_one_post_a_second(stack: DeliveryStack) -> None:
    for number in range(6):
        row = stack.add(up(id=f"r{number}", agora_channel=f"a{number}"))
        stack.raise_alert(row)
    stack.run_for(20, stack.alerts)

    moments = [post.at for post in stack.posted()]
    assert len(moments) == 6
    assert min(b - a for a, b in pairwise(moments)) >= timedelta(seconds=1)


def test_an_alert_with_rejected_blocks_is_sent_as_plain_text_to_the_same_place(stack: DeliveryStack) -> None:
    row = stack.add(up())
    stack.raise_alert(row)
    stack.slack.fails(SlackRefused("invalid_blocks"))
    stack.run_for(2, stack.alerts)

    (post,) = stack.posted()
    assert post.message.blocks == ()
    assert "daily" in post.message.text
    assert (post.thread_ts, post.broadcast) == (row.card_ts, True)


@pytest.mark.parametrize("error", ["is_archived", "not_in_channel", "channel_not_found", "restricted_action"])
def test_an_alert_that_the_channel_refuses_goes_to_the_person_who_started_it(stack: DeliveryStack, error: str) -> None:
    stack.raise_alert(stack.add(up()))
    stack.slack.failing = lambda call, where, message: SlackRefused(error) if where == "C1" else None
    stack.run_for(5, stack.alerts)

    (post,) = stack.posted("D-U1")
    assert "<#C1>" in str(post.message.blocks)
    assert stack.due(stack.alerts) == []


def test_an_alert_that_everybody_refuses_does_not_block_the_next_one(stack: DeliveryStack) -> None:
    row = stack.add(up())
    stack.raise_alert(row, cause="1")
    stack.raise_alert(row, cause="2")
    refused = Counter[str]()

    def refuse(call: str, where: str, message: Message | None) -> SlackError | None:
        refused[where] += 1
        return SlackRefused("account_inactive") if refused[where] <= 1 else None

    stack.slack.failing = refuse
    stack.run_for(10, stack.alerts)

    assert len(stack.posted()) == 1
