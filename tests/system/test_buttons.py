"""Buttons on cards and alerts: each answers whoever pressed alone, once, whatever Slack and people do meanwhile."""

from __future__ import annotations

import sqlite3

import pytest

from simulator.slack import Interaction, Message
from tests.system.conftest import Stack, event, payload, words
from tests.system.transports import BOTH_TRANSPORTS, SlackTransport


def told(stack: Stack, pressed: Interaction) -> str:
    """What the person read in answer."""
    stack.slack.wait_for(lambda: pressed.answers, what="words for the person")
    return words(pressed)


def press(stack: Stack, where: Message, action: str, *, by: str = "ben", stale: bool = False) -> Interaction:
    return stack.slack.person(by).press(where, action, stale=stale)


def ended(stack: Stack) -> Message:
    """Ana's recording, which she stopped; its card."""
    stack.recording()
    stack.command("stop")
    return stack.wait_card("ended", reason="stopped")


def lost(stack: Stack) -> Message:
    """The alert about a recorder that died."""
    stack.recording()
    stack.agora.kill("daily")
    return stack.wait_alert("recording_failed", "lost")


def new_card(stack: Stack, state: str = "recording") -> Message:
    """The second card, once it shows this."""
    stack.slack.wait_for(lambda: len(stack.cards()) == 2, timeout=20, what="a second card")
    return stack.wait_card(state)


QUICK = {"FAILOVER_GRACE_SECONDS": "1", "RECORD_ON": "0"}


# Record again


@BOTH_TRANSPORTS
def test_a_card_that_is_over_starts_the_next_recording_once_however_often_slack_delivers_the_press(
    transport: SlackTransport,
) -> None:
    stack = transport.open()
    card = ended(stack)
    pressed = press(stack, card, "record_again")
    pressed.repeat()
    assert "Asking Agora to record `daily`" in told(stack, pressed)
    again = new_card(stack)
    assert payload(again)["started_by"] == stack.slack.person("ben").id
    assert f"Asked for by {stack.slack.person('ben').mention}" in again.said
    stack.command("stop")
    stack.wait_card("ended")
    pressed.repeat()
    stack.command("status")
    assert len(stack.cards()) == 2
    assert len(stack.agora.recorders()) == 2
    assert "Stopped by" in card.said, "the old card stays as it was"


@BOTH_TRANSPORTS
def test_of_two_who_press_at_once_one_starts_it_and_the_other_reads_that_it_runs(transport: SlackTransport) -> None:
    stack = transport.open()
    card = ended(stack)
    both = [stack.slack.person(by).press(card, "record_again", wait=False) for by in ("ana", "ben")]
    said = sorted(told(stack, pressed.wait()) for pressed in both)
    assert "Asking Agora" in said[1]
    assert "`daily` is already being recorded here" in said[0]
    again = new_card(stack)
    late = told(stack, press(stack, card, "record_again"))
    assert f"p{again.ts.replace('.', '')}|see its card" in late
    assert len(stack.cards()) == 2
    assert len(stack.agora.running()) == 1


def test_after_a_failure_the_alert_starts_the_next_one_though_the_card_was_deleted(stack: Stack) -> None:
    stack.start(**QUICK)
    alert = lost(stack)
    card = stack.wait_card("failed", reason="lost")
    stack.slack.delete_message(card)
    assert "To record again" not in alert.said
    assert "To record again: `/record start daily`" in alert.text
    assert "Asking Agora" in told(stack, press(stack, card, "record_again", stale=True))
    stack.slack.wait_for(lambda: stack.agora.running(), what="a recorder")
    assert "already being recorded here" in told(stack, press(stack, alert, "record_again", by="ana"))


def test_a_press_that_can_not_be_written_down_says_so_and_starts_nothing(stack: Stack, on_sqlite: None) -> None:
    stack.start()
    card = ended(stack)
    with sqlite3.connect(stack.bot.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        said = told(stack, press(stack, card, "record_again"))
        other.execute("ROLLBACK")
    other.close()
    assert "I can't write anything down just now" in said
    assert "Asking Agora" in told(stack, press(stack, card, "record_again"))
    new_card(stack)


def test_where_the_bot_is_no_longer_in_a_private_channel_the_press_is_answered_with_the_invitation(
    stack: Stack,
) -> None:
    stack.start()
    stack.slack.invite_bot("design")
    stack.recording("daily", channel="design")
    stack.command("stop", channel="design")
    card = stack.wait_card("ended", channel="design")
    stack.slack.remove_bot("design")
    pressed = press(stack, card, "record_again")
    stack.slack.wait_for(lambda: len(pressed.responses) == 2, what="the words to invite it")
    assert f"/invite @{stack.slack.bot.name}" in words(pressed)
    assert stack.cards("design") == [card]
    assert "Stopped by" in card.said


# Somebody else's


@BOTH_TRANSPORTS
def test_buttons_that_were_copied_into_another_channel_tell_and_do_nothing(transport: SlackTransport) -> None:
    stack = transport.open(**QUICK)
    alert = lost(stack)
    sid = payload(alert)["sid"]
    stack.recording("other", channel="general")
    general = stack.cards("general")[0]
    general.blocks = [dict(block) for block in alert.blocks]
    for action in ("record_again", "details", "take_alert"):
        said = told(stack, press(stack, general, action, by="ana"))
        assert said == "I don't know that recording any more. `/record status` shows what is running."
        assert sid not in said
    assert len(stack.agora.running()) == 1
    assert stack.bot.rows("SELECT taken_by FROM outbox WHERE taken_by IS NOT NULL") == []
    assert "take_alert" in alert.elements


# Details


@BOTH_TRANSPORTS
def test_details_show_what_agoras_support_asks_for_to_whoever_asked(transport: SlackTransport) -> None:
    stack = transport.open()
    card = stack.recording()
    recorder = stack.agora.recorder("daily")
    chosen = stack.slack.person("ben").choose(card, "more", "Details")
    said = told(stack, chosen)
    for known in (payload(card)["recording_id"], payload(card)["sid"], str(recorder.uid), recorder.resource_id):
        assert known in said, said
    assert "state          recording" in said
    assert "notifications  none seen" in said
    assert [event(message) for message in stack.slack.messages("daily")] == ["recording_card"]
    stack.slack.delete_message(card)
    stale = press_menu(stack, card)
    assert payload(card)["sid"] in told(stack, stale)


def press_menu(stack: Stack, card: Message) -> Interaction:
    """On a screen that still shows a card that was deleted."""
    card.deleted = False
    chosen = stack.slack.person("ana").choose(card, "more", "Details", wait=False)
    card.deleted = True
    return chosen.wait()


# I'm on it


@BOTH_TRANSPORTS
def test_whoever_takes_an_alert_is_shown_on_it_and_later_ones_read_who_it_is_after_a_restart_too(
    transport: SlackTransport,
) -> None:
    stack = transport.open(**QUICK)
    alert = lost(stack)
    ana, ben = stack.slack.person("ana"), stack.slack.person("ben")
    before = payload(alert)
    taken = press(stack, alert, "take_alert")
    stack.slack.wait_for(lambda: f"{ben.mention} is on it, since" in alert.said, what="who is on it")
    assert "take_alert" not in alert.elements
    assert {"record_again", "details"} <= alert.elements.keys()
    assert alert.broadcast
    assert payload(alert) == before
    taken.repeat()
    assert taken.answers == []
    assert f"{ben.mention} is on it already" in told(stack, press(stack, alert, "take_alert", by="ana", stale=True))
    transport.open_again(**QUICK)
    late = press(stack, alert, "take_alert", by="ana", stale=True)
    assert f"{ben.mention} is on it already" in told(stack, late)
    assert ana.mention not in alert.said.split("is on it", maxsplit=1)[0].rsplit("\n", 1)[-1]
    assert stack.alert_kinds().count(("recording_failed", "lost")) == 1


@BOTH_TRANSPORTS
def test_of_two_who_take_an_alert_at_once_one_is_on_it_and_the_other_reads_who(transport: SlackTransport) -> None:
    stack = transport.open(**QUICK)
    alert = lost(stack)
    both = {by: stack.slack.person(by).press(alert, "take_alert", wait=False) for by in ("ana", "ben")}
    stack.slack.wait_for(lambda: any(pressed.answers for pressed in both.values()), what="words for the second")
    (late,) = [by for by, pressed in both.items() if pressed.answers]
    stack.slack.wait_for(lambda: both[late].acknowledged, what="the acknowledgement")
    first = stack.slack.person({"ana": "ben", "ben": "ana"}[late]).mention
    assert f"{first} is on it already" in words(both[late])
    stack.slack.wait_for(lambda: "take_alert" not in alert.elements, what="the edit")
    assert f"{first} is on it, since" in alert.said


def test_a_warning_is_taken_too_and_that_all_is_well_again_is_told_all_the_same(stack: Stack) -> None:
    stack.start(NOTHING_STORED_SECONDS="1")
    stack.agora.join("daily", 1001, audio=False, video=False)
    stack.command("start daily")
    warning = stack.wait_alert("recording_warning", "nothing_stored")
    press(stack, warning, "take_alert")
    stack.slack.wait_for(lambda: "is on it, since" in warning.said, what="who is on it")
    stack.agora.publish("daily", 1001, audio=True)
    stack.wait_alert("recording_recovered", "nothing_stored")
    assert warning.elements.keys() == {"details"}


@pytest.mark.parametrize("error", ["ratelimited", "message_not_found"])
def test_where_slack_takes_no_edit_it_is_noted_all_the_same_and_the_person_reads_so(stack: Stack, error: str) -> None:
    stack.start(**QUICK)
    alert = lost(stack)
    stack.wait_card("failed")
    fault = stack.slack.faults.add("chat.update", error=error, times=None)
    said = told(stack, press(stack, alert, "take_alert"))
    assert f"did not let me show it on the alert ({error})" in said
    stack.slack.faults.clear(fault)
    press(stack, alert, "take_alert")
    stack.slack.wait_for(lambda: "is on it, since" in alert.said, what="who is on it")


def test_an_alert_is_taken_while_slacks_web_api_hangs(stack: Stack) -> None:
    stack.start(**QUICK)
    alert = lost(stack)
    stack.wait_card("failed")
    stack.slack.faults.add("chat.update", hang=True)
    assert press(stack, alert, "take_alert").acknowledged
    (row,) = stack.slack.wait_for(
        lambda: stack.bot.rows("SELECT taken_by FROM outbox WHERE taken_by IS NOT NULL"), what="who is on it"
    )
    assert row["taken_by"] == stack.slack.person("ben").id
