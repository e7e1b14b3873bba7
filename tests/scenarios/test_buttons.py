"""Buttons on cards and alerts: each press counts once, and its answer is for the person who pressed."""

from __future__ import annotations

import pytest

from recordings.model.audit import AuditAction
from simulator.slack import Interaction, Message
from tests.scenarios.stack import Stack, event, payload, words

NO_REPLACEMENT = {"RECORD_ON": "0"}
"""A lost recorder is a failure, whose alert has every button."""


def ended(stack: Stack) -> Message:
    """Ana's recording, which she stopped; its card."""
    stack.recording()
    stack.command("stop")
    return stack.wait_card("ended", reason="stopped")


def lost(stack: Stack) -> Message:
    """The alert about a recorder that died."""
    stack.start(**NO_REPLACEMENT)
    stack.recording()
    stack.agora.kill("daily")
    return stack.wait_alert("recording_failed", "lost")


def again(stack: Stack, card: Message, *, by: str = "ben") -> Interaction:
    """Record again, in the menu of a card whose files are there or can't be looked for."""
    return stack.choose(card, "more", "Record again", by=by)


def new_card(stack: Stack) -> Message:
    """The second card, once it shows that the call is recorded."""
    stack.wait_for(lambda: len(stack.cards()) == 2, what="a second card")
    return stack.wait_card("recording")


def acknowledgers(stack: Stack) -> list[str]:
    """The people who acknowledged an alert, by the audit log."""
    return [audit_event.who for audit_event in stack.audit() if audit_event.what is AuditAction.ACKNOWLEDGED_ALERT]


# Record again


def test_record_again_starts_one_recording_however_often_slack_delivers_the_press(stack: Stack) -> None:
    stack.start()
    card = ended(stack)
    pressed = again(stack, card)
    pressed.repeat()
    assert "Starting to record *daily*" in stack.answer(pressed)
    second_card = new_card(stack)
    assert payload(second_card)["started_by"] == stack.slack.person("ben").id
    assert f"Started by {stack.slack.person('ben').mention}" in second_card.said
    stack.command("stop")
    stack.wait_card("ended")
    pressed.repeat()
    stack.command("status")
    assert len(stack.cards()) == 2
    assert len(stack.agora.recorders()) == 2
    assert "stopped by" in card.said, "the old card stays as it was"


def test_of_two_people_who_press_record_again_the_second_reads_that_it_runs(stack: Stack) -> None:
    stack.start()
    card = ended(stack)
    first, second = (again(stack, card, by=person) for person in ("ana", "ben"))
    assert "Starting to record" in stack.answer(first)
    assert "I'm already starting to record *daily*" in stack.answer(second)
    second_card = new_card(stack)
    assert payload(second_card)["started_by"] == stack.slack.person("ana").id
    late = stack.answer(again(stack, card))
    assert f"p{second_card.ts.replace('.', '')}|Go to card" in late
    assert len(stack.cards()) == 2
    assert len(stack.agora.running()) == 1


def test_record_again_on_a_failure_alert_works_although_the_card_was_deleted(stack: Stack) -> None:
    alert = lost(stack)
    card = stack.wait_card("failed", reason="lost")
    stack.slack.delete_message(card)
    assert "To record again" not in alert.said
    assert "To record again, type `/record start daily`" in alert.text
    assert "Starting to record" in stack.answer(stack.press(card, "record_again", stale=True))
    stack.wait_for(lambda: stack.agora.running(), what="a recorder")
    assert "already" in stack.answer(stack.press(alert, "record_again", by="ana"))


def test_record_again_in_a_private_channel_without_the_bot_is_answered_with_the_invitation(stack: Stack) -> None:
    stack.start()
    stack.slack.invite_bot("design")
    stack.recording("daily", channel="design")
    stack.command("stop", channel="design")
    card = stack.wait_card("ended", channel="design")
    stack.slack.remove_bot("design")
    pressed = again(stack, card)
    stack.wait_for(lambda: pressed.responses, what="the words to invite it")
    assert f"/invite @{stack.slack.bot.name}" in words(pressed)
    assert "Starting" not in words(pressed)
    assert stack.cards("design") == [card]
    assert "stopped by" in card.said


# Another channel's buttons


def test_buttons_copied_into_another_channel_show_and_change_nothing(stack: Stack) -> None:
    alert = lost(stack)
    sid = payload(alert)["sid"]
    card = stack.recording("other", channel="general")
    card.blocks = [dict(block) for block in alert.blocks]
    for action in ("record_again", "details", "take_alert"):
        answer = stack.answer(stack.press(card, action, by="ana"))
        assert answer == "I can't find that recording in this channel. Type `/record list` to see its recordings."
        assert sid not in answer
    assert len(stack.agora.running()) == 1
    assert acknowledgers(stack) == []
    assert "take_alert" in alert.elements


# Details


def test_details_show_the_identifiers_that_agoras_support_needs_to_the_person_alone(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    recorder = stack.agora.recorder("daily")
    details = stack.answer(stack.choose(card, "more", "Show details"))
    for identifier in (payload(card)["recording_id"], payload(card)["sid"], str(recorder.uid), recorder.resource_id):
        assert identifier in details, details
    assert "state:           recording" in details
    assert "notifications:   none received" in details
    assert [event(message) for message in stack.slack.messages("daily")] == ["recording_card"]
    stack.slack.delete_message(card)
    assert payload(card)["sid"] in stack.answer(stack.choose(card, "more", "Show details", by="ana", stale=True))


# I'm on it


def test_an_acknowledged_alert_shows_who_is_on_it_and_tells_later_people_also_after_a_restart(stack: Stack) -> None:
    alert = lost(stack)
    ana, ben = stack.slack.person("ana"), stack.slack.person("ben")
    before = payload(alert)
    pressed = stack.press(alert, "take_alert")
    stack.wait_for(lambda: f"{ben.mention} is on it (" in alert.said, what="who is on it")
    assert "take_alert" not in alert.elements
    assert {"record_again", "details"} <= alert.elements.keys()
    assert alert.broadcast
    assert payload(alert) == before
    pressed.repeat()
    assert pressed.answers == []
    late = stack.press(alert, "take_alert", by="ana", stale=True)
    assert f"{ben.mention} is already on it" in stack.answer(late)
    stack.restart(**NO_REPLACEMENT)
    later = stack.press(alert, "take_alert", by="ana", stale=True)
    assert f"{ben.mention} is already on it" in stack.answer(later)
    assert ana.mention not in alert.said.split("is on it", maxsplit=1)[0].rsplit("\n", 1)[-1]
    assert stack.alert_kinds().count(("recording_failed", "lost")) == 1
    assert acknowledgers(stack) == [ben.id]


def test_an_acknowledged_warning_still_gets_its_recovery(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001, audio=False, video=False)
    stack.command("start daily")
    warning = stack.wait_alert("recording_warning", "nothing_stored")
    stack.press(warning, "take_alert")
    stack.wait_for(lambda: "is on it (" in warning.said, what="who is on it")
    stack.agora.publish("daily", 1001, audio=True)
    stack.wait_alert("recording_recovered", "nothing_stored")
    stack.wait_for(lambda: "Resolved at" in warning.said, what="a warning that is resolved")
    assert "is on it (" in warning.said
    assert warning.elements == {}


@pytest.mark.parametrize("error", ["ratelimited", "message_not_found"])
def test_an_acknowledgement_that_slack_does_not_show_is_stored_and_the_person_reads_so(
    stack: Stack, error: str
) -> None:
    alert = lost(stack)
    stack.wait_card("failed")
    fault = stack.slack.faults.add("chat.update", error=error, times=None)
    answer = stack.answer(stack.press(alert, "take_alert"))
    assert f"couldn't show it on the alert ({error})" in answer
    assert acknowledgers(stack) == [stack.slack.person("ben").id]
    stack.slack.faults.clear(fault)
    stack.press(alert, "take_alert")
    stack.wait_for(lambda: "is on it (" in alert.said, what="who is on it")
