"""The message of a warning shows that it is resolved: once, as soon as Slack accepts the edit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from messages.blocks import Message, time_of_day
from recordings.errors import SlackBusy, SlackRefused
from recordings.model.alerts import Acknowledgement, AlertKey, AlertKind
from recordings.model.reason import Reason
from recordings.model.recording import Recording
from tests.fakes.rendered import pressable, words
from tests.fakes.rows import an_alert, at, up
from tests.fakes.slack import Post
from tests.unit.messages.delivery.stack import BUSY, DeliveryStack

RECOVERED_AT = 60


def warn(stack: DeliveryStack, row: Recording) -> None:
    stack.raise_alert(row, kind=AlertKind.WARNING, reason=Reason.SILENT, cause="silent-1")


def recover(stack: DeliveryStack, row: Recording) -> None:
    stack.raise_alert(row, kind=AlertKind.RECOVERED, reason=Reason.SILENT, cause="silent-2")


def resolved(stack: DeliveryStack) -> Post:
    """A warning that was delivered, and is resolved at `RECOVERED_AT`; its message."""
    row = stack.add(up())
    warn(stack, row)
    stack.run_for(3, stack.alerts)
    stack.clock.seconds = RECOVERED_AT
    recover(stack, row)
    return stack.posted()[0]


def test_a_resolved_warning_is_edited_and_the_recovery_is_a_message_of_its_own(stack: DeliveryStack) -> None:
    warning = resolved(stack)
    before = warning.message.metadata
    stack.run_for(5, stack.alerts, stack.resolutions)

    assert f"Resolved at {time_of_day(at(RECOVERED_AT))}" in words(warning.message)
    assert pressable(warning.message) == []
    assert warning.message.metadata == before
    assert len(warning.edits) == 1
    kinds = [post.message.metadata["event_type"] for post in stack.posted()]
    assert kinds == ["recording_warning", "recording_recovered"]
    assert stack.due(stack.resolutions) == []


def test_who_acknowledged_a_warning_stays_on_it(stack: DeliveryStack) -> None:
    warning = resolved(stack)
    key = AlertKey("rec1", AlertKind.WARNING, "silent-1")
    stack.outbox.acknowledge(key, "C1", Acknowledgement("U7", at(30)))
    stack.run_for(5, stack.resolutions)

    assert "<@U7> is on it" in words(warning.message)
    assert "Resolved at" in words(warning.message)


def test_an_acknowledgement_during_the_edit_is_shown_by_another_edit(stack: DeliveryStack) -> None:
    warning = resolved(stack)
    key = AlertKey("rec1", AlertKind.WARNING, "silent-1")

    def acknowledge(call: str, where: str, message: Message | None) -> None:
        stack.outbox.acknowledge(key, "C1", Acknowledgement("U7", at(61)))

    stack.slack.failing = acknowledge
    stack.run_for(5, stack.resolutions)

    assert "<@U7> is on it" in words(warning.message)
    assert "Resolved at" in words(warning.message)
    assert len(warning.edits) == 2


def test_a_warning_that_is_over_before_slack_has_it_is_posted_as_resolved(stack: DeliveryStack) -> None:
    row = stack.add(up())
    warn(stack, row)
    stack.clock.seconds = RECOVERED_AT
    recover(stack, row)
    stack.run_for(10, stack.alerts, stack.resolutions)

    warning = stack.posted()[0]
    assert "Resolved at" in words(warning.message)
    assert warning.edits == []
    assert stack.due(stack.resolutions) == []


def test_after_an_outage_of_slack_the_edit_is_made_once(stack: DeliveryStack) -> None:
    warning = resolved(stack)
    down = stack.clock.now() + timedelta(seconds=300)
    stack.slack.failing = lambda call, where, message: BUSY if stack.clock.now() < down else None
    stack.run_for(400, stack.resolutions)

    assert len(warning.edits) == 1
    assert warning.edits[0] <= down + timedelta(seconds=61)
    assert stack.slack.calls.count("update") < 20, "with growing waits"


def test_an_edit_waits_as_long_as_slack_asks_for(stack: DeliveryStack) -> None:
    warning = resolved(stack)
    stack.slack.fails(SlackBusy("ratelimited", retry_after=40))
    stack.run_for(60, stack.resolutions)

    assert warning.edits[0] >= at(RECOVERED_AT + 40)


@pytest.mark.parametrize("error", ["message_not_found", "edit_window_closed", "is_archived"])
def test_an_edit_that_slack_refuses_is_not_tried_again(stack: DeliveryStack, error: str) -> None:
    resolved(stack)
    stack.slack.fails(SlackRefused(error))
    stack.run_for(60, stack.resolutions)

    assert stack.slack.calls.count("update") == 1
    assert stack.due(stack.resolutions) == []


def test_an_edit_whose_blocks_slack_rejects_is_made_as_plain_text(stack: DeliveryStack) -> None:
    warning = resolved(stack)
    stack.slack.fails(SlackRefused("invalid_blocks"))
    stack.run_for(5, stack.resolutions)

    assert warning.message.blocks == ()
    assert "Resolved at" in warning.message.text


def test_a_warning_in_a_direct_message_is_edited_there(stack: DeliveryStack) -> None:
    row = stack.add(up())
    warn(stack, row)
    stack.slack.failing = lambda call, where, message: SlackRefused("is_archived") if where == "C1" else None
    stack.run_for(5, stack.alerts)
    recover(stack, row)
    stack.run_for(5, stack.resolutions)

    (direct,) = stack.posted("D-U1")
    assert "Resolved at" in words(direct.message)
    assert "so I'm telling you here" in words(direct.message)


def test_a_failure_is_never_resolved(stack: DeliveryStack) -> None:
    row = stack.add(up())
    stack.raise_alert(row, kind=AlertKind.FAILED, reason=Reason.UNAUTHORIZED, cause="unauthorized")
    stack.run_for(3, stack.alerts)
    alert = an_alert(row, kind=AlertKind.RECOVERED, reason=Reason.UNAUTHORIZED, cause="incident")
    stack.change(alerts=(alert,))

    assert stack.due(stack.resolutions) == []
