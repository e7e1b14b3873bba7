"""What a person reads after a press on I'm on it, and what the alert shows."""

from __future__ import annotations

from typing import Any

import pytest

from messages.blocks import Message, time_of_day
from recordings.errors import SlackBusy, SlackRefused
from recordings.lifecycle.actions import Change
from recordings.model.alerts import Alert, AlertKey, AlertKind
from recordings.model.reason import Reason
from recordings.model.recording import State
from tests.fakes.handlers import CommandStack
from tests.fakes.rendered import pressable, words
from tests.fakes.rows import NOW, an_alert, at, over, up
from tests.fakes.slack_requests import a_press

UNKNOWN = "I can't find that recording in this channel. Type `/record list` to see its recordings."


@pytest.fixture
def stack() -> CommandStack:
    return CommandStack()


def presses(stack: CommandStack, value: str, **facts: Any) -> Message | None:
    return stack.handlers.acknowledge.answer(a_press(value, **facts))


def read(message: Message | None) -> str:
    assert message is not None
    return words(message)


def lost(**facts: Any) -> Alert:
    return an_alert(over(state=State.FAILED, reason=Reason.LOST), **facts)


def test_the_alert_shows_who_is_on_it_and_that_person_needs_no_reply(stack: CommandStack) -> None:
    ts = stack.raises(lost())
    stack.clock.passes(7)

    assert presses(stack, str(AlertKey.of(lost())), by="U7", ts=ts) is None
    shown = stack.slack.posts[ts].message
    assert f"<@U7> is on it ({time_of_day(at(7))})" in words(shown)
    assert pressable(shown) == ["record_again", "details"]
    assert shown.metadata["event_type"] == "recording_failed"


def test_a_person_who_presses_later_reads_who_is_on_it(stack: CommandStack) -> None:
    ts, value = stack.raises(lost()), str(AlertKey.of(lost()))
    presses(stack, value, by="U7", ts=ts)
    stack.clock.passes(60)

    assert read(presses(stack, value, by="U8", ts=ts)) == f"<@U7> is already on it ({time_of_day(NOW)})."
    assert "<@U7> is on it" in words(stack.slack.posts[ts].message)
    assert presses(stack, value, by="U7", ts=ts) is None


@pytest.mark.parametrize("error", [SlackBusy("ratelimited"), SlackRefused("message_not_found")])
def test_if_slack_refuses_the_edit_the_person_reads_so_and_the_next_press_repeats_it(
    stack: CommandStack, error: SlackBusy | SlackRefused
) -> None:
    ts, value = stack.raises(lost()), str(AlertKey.of(lost()))
    stack.slack.fails(error)

    assert f"couldn't show it on the alert ({error.error})" in read(presses(stack, value, ts=ts))
    assert presses(stack, value, ts=ts) is None
    assert "<@U2> is on it" in words(stack.slack.posts[ts].message)


def test_a_person_who_presses_later_reads_who_is_on_it_even_if_slack_refuses_the_edit(stack: CommandStack) -> None:
    ts, value = stack.raises(lost()), str(AlertKey.of(lost()))
    presses(stack, value, by="U7", ts=ts)
    stack.slack.fails(SlackBusy("ratelimited"))

    assert "<@U7> is already on it" in read(presses(stack, value, by="U8", ts=ts))


@pytest.mark.parametrize("value", ["", "nobody", "rec1|nothing|x", "nobody|recording_failed|lost", "\x00"])
def test_a_press_on_an_unknown_alert_changes_nothing(stack: CommandStack, value: str) -> None:
    stack.raises(lost())

    assert read(presses(stack, value)) == UNKNOWN
    assert stack.slack.calls == ["post"]


def test_an_alert_of_another_slack_channel_is_unknown_here(stack: CommandStack) -> None:
    stack.raises(lost())

    assert read(presses(stack, str(AlertKey.of(lost())), channel="C2")) == UNKNOWN
    assert stack.slack.calls == ["post"]


# warnings that are resolved meanwhile

WARNING = an_alert(up(), kind=AlertKind.WARNING, reason=Reason.SILENT, cause="silent")
RECOVERY = an_alert(up(), kind=AlertKind.RECOVERED, reason=Reason.SILENT, cause="silent", raised_at=at(60))


def recovers(stack: CommandStack) -> None:
    stack.saves(up(), Change(up(), alerts=(RECOVERY,)))


def test_a_resolved_warning_that_somebody_acknowledges_shows_both(stack: CommandStack) -> None:
    ts = stack.raises(WARNING)
    recovers(stack)

    assert presses(stack, str(AlertKey.of(WARNING)), by="U7", ts=ts) is None
    shown = words(stack.slack.posts[ts].message)
    assert "<@U7> is on it" in shown
    assert f"Resolved at {time_of_day(at(60))}" in shown


def test_a_warning_that_is_resolved_during_the_edit_shows_both_in_the_end(stack: CommandStack) -> None:
    ts = stack.raises(WARNING)

    def recover_during_the_first_edit(call: str, where: str, message: Message | None) -> None:
        if call == "update" and stack.slack.calls.count("update") == 1:
            recovers(stack)

    stack.slack.failing = recover_during_the_first_edit
    presses(stack, str(AlertKey.of(WARNING)), by="U7", ts=ts)

    shown = words(stack.slack.posts[ts].message)
    assert "<@U7> is on it" in shown
    assert f"Resolved at {time_of_day(at(60))}" in shown
