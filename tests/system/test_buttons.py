"""Buttons on cards and alerts: each answers whoever pressed alone, once, whatever Slack and people do meanwhile."""

from __future__ import annotations

import sqlite3

import pytest

from simulator.slack import Interaction, Message
from tests.system.conftest import Office, event, payload, words
from tests.system.doors import BOTH_DOORS, Door, door

__all__ = ["door"]


def told(office: Office, pressed: Interaction) -> str:
    """What the person read in answer."""
    office.slack.wait_for(lambda: pressed.answers, what="words for the person")
    return words(pressed)


def press(office: Office, where: Message, action: str, *, by: str = "ben", stale: bool = False) -> Interaction:
    return office.slack.person(by).press(where, action, stale=stale)


def ended(office: Office) -> Message:
    """Ana's recording, which she stopped; its card."""
    office.recording()
    office.command("stop")
    return office.wait_card("ended", reason="stopped")


def lost(office: Office) -> Message:
    """The alert about a recorder that died."""
    office.recording()
    office.agora.kill("daily")
    return office.wait_alert("recording_failed", "lost")


def new_card(office: Office, state: str = "recording") -> Message:
    """The second card, once it shows this."""
    office.slack.wait_for(lambda: len(office.cards()) == 2, timeout=20, what="a second card")
    return office.wait_card(state)


QUICK = {"FAILOVER_GRACE_SECONDS": "1", "RECORD_ON": "0"}


# Record again


@BOTH_DOORS
def test_a_card_that_is_over_starts_the_next_recording_once_however_often_slack_delivers_the_press(door: Door) -> None:
    office = door.open()
    card = ended(office)
    pressed = press(office, card, "record_again")
    pressed.repeat()
    assert "Asking Agora to record `daily`" in told(office, pressed)
    again = new_card(office)
    assert payload(again)["started_by"] == office.slack.person("ben").id
    assert f"Asked for by {office.slack.person('ben').mention}" in again.said
    office.command("stop")
    office.wait_card("ended")
    pressed.repeat()
    office.command("status")
    assert len(office.cards()) == 2
    assert len(office.agora.recorders()) == 2
    assert "Stopped by" in card.said, "the old card stays as it was"


@BOTH_DOORS
def test_of_two_who_press_at_once_one_starts_it_and_the_other_reads_that_it_runs(door: Door) -> None:
    office = door.open()
    card = ended(office)
    both = [office.slack.person(by).press(card, "record_again", wait=False) for by in ("ana", "ben")]
    said = sorted(told(office, pressed.wait()) for pressed in both)
    assert "Asking Agora" in said[1]
    assert "`daily` is already being recorded here" in said[0]
    again = new_card(office)
    late = told(office, press(office, card, "record_again"))
    assert f"p{again.ts.replace('.', '')}|see its card" in late
    assert len(office.cards()) == 2
    assert len(office.agora.running()) == 1


def test_after_a_failure_the_alert_starts_the_next_one_though_the_card_was_deleted(office: Office) -> None:
    office.start(**QUICK)
    alert = lost(office)
    card = office.wait_card("failed", reason="lost")
    office.slack.delete_message(card)
    assert "To record again" not in alert.said
    assert "To record again: `/record start daily`" in alert.text
    assert "Asking Agora" in told(office, press(office, card, "record_again", stale=True))
    office.slack.wait_for(lambda: office.agora.running(), what="a recorder")
    assert "already being recorded here" in told(office, press(office, alert, "record_again", by="ana"))


def test_a_press_that_can_not_be_written_down_says_so_and_starts_nothing(office: Office, on_sqlite: None) -> None:
    office.start()
    card = ended(office)
    with sqlite3.connect(office.bot.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        said = told(office, press(office, card, "record_again"))
        other.execute("ROLLBACK")
    other.close()
    assert "I can't write anything down just now" in said
    assert "Asking Agora" in told(office, press(office, card, "record_again"))
    new_card(office)


def test_where_the_bot_is_no_longer_in_a_private_channel_the_press_is_answered_with_the_invitation(
    office: Office,
) -> None:
    office.start()
    office.slack.invite_bot("design")
    office.recording("daily", channel="design")
    office.command("stop", channel="design")
    card = office.wait_card("ended", channel="design")
    office.slack.remove_bot("design")
    pressed = press(office, card, "record_again")
    office.slack.wait_for(lambda: len(pressed.responses) == 2, what="the words to invite it")
    assert f"/invite @{office.slack.bot.name}" in words(pressed)
    assert office.cards("design") == [card]
    assert "Stopped by" in card.said


# Somebody else's


@BOTH_DOORS
def test_buttons_that_were_copied_into_another_channel_tell_and_do_nothing(door: Door) -> None:
    office = door.open(**QUICK)
    alert = lost(office)
    sid = payload(alert)["sid"]
    office.recording("other", channel="general")
    general = office.cards("general")[0]
    general.blocks = [dict(block) for block in alert.blocks]
    for action in ("record_again", "details", "take_alert"):
        said = told(office, press(office, general, action, by="ana"))
        assert said == "I don't know that recording any more. `/record status` shows what is running."
        assert sid not in said
    assert len(office.agora.running()) == 1
    assert office.bot.rows("SELECT taken_by FROM outbox WHERE taken_by IS NOT NULL") == []
    assert "take_alert" in alert.elements


# Details


@BOTH_DOORS
def test_details_show_what_agoras_support_asks_for_to_whoever_asked(door: Door) -> None:
    office = door.open()
    card = office.recording()
    recorder = office.agora.recorder("daily")
    chosen = office.slack.person("ben").choose(card, "more", "Details")
    said = told(office, chosen)
    for known in (payload(card)["recording_id"], payload(card)["sid"], str(recorder.uid), recorder.resource_id):
        assert known in said, said
    assert "state          recording" in said
    assert "notifications  none seen" in said
    assert [event(message) for message in office.slack.messages("daily")] == ["recording_card"]
    office.slack.delete_message(card)
    stale = press_menu(office, card)
    assert payload(card)["sid"] in told(office, stale)


def press_menu(office: Office, card: Message) -> Interaction:
    """On a screen that still shows a card that was deleted."""
    card.deleted = False
    chosen = office.slack.person("ana").choose(card, "more", "Details", wait=False)
    card.deleted = True
    return chosen.wait()


# I'm on it


@BOTH_DOORS
def test_whoever_takes_an_alert_is_shown_on_it_and_later_ones_read_who_it_is_after_a_restart_too(door: Door) -> None:
    office = door.open(**QUICK)
    alert = lost(office)
    ana, ben = office.slack.person("ana"), office.slack.person("ben")
    before = payload(alert)
    taken = press(office, alert, "take_alert")
    office.slack.wait_for(lambda: f"{ben.mention} is on it, since" in alert.said, what="who is on it")
    assert "take_alert" not in alert.elements
    assert {"record_again", "details"} <= alert.elements.keys()
    assert alert.broadcast
    assert payload(alert) == before
    taken.repeat()
    assert taken.answers == []
    assert f"{ben.mention} is on it already" in told(office, press(office, alert, "take_alert", by="ana", stale=True))
    door.open_again(**QUICK)
    late = press(office, alert, "take_alert", by="ana", stale=True)
    assert f"{ben.mention} is on it already" in told(office, late)
    assert ana.mention not in alert.said.split("is on it", maxsplit=1)[0].rsplit("\n", 1)[-1]
    assert office.alert_kinds().count(("recording_failed", "lost")) == 1


@BOTH_DOORS
def test_of_two_who_take_an_alert_at_once_one_is_on_it_and_the_other_reads_who(door: Door) -> None:
    office = door.open(**QUICK)
    alert = lost(office)
    both = {by: office.slack.person(by).press(alert, "take_alert", wait=False) for by in ("ana", "ben")}
    office.slack.wait_for(lambda: any(pressed.answers for pressed in both.values()), what="words for the second")
    (late,) = [by for by, pressed in both.items() if pressed.answers]
    office.slack.wait_for(lambda: both[late].acknowledged, what="the acknowledgement")
    first = office.slack.person({"ana": "ben", "ben": "ana"}[late]).mention
    assert f"{first} is on it already" in words(both[late])
    office.slack.wait_for(lambda: "take_alert" not in alert.elements, what="the edit")
    assert f"{first} is on it, since" in alert.said


def test_a_warning_is_taken_too_and_that_all_is_well_again_is_told_all_the_same(office: Office) -> None:
    office.start(NOTHING_STORED_SECONDS="1")
    office.agora.join("daily", 1001, audio=False, video=False)
    office.command("start daily")
    warning = office.wait_alert("recording_warning", "nothing_stored")
    press(office, warning, "take_alert")
    office.slack.wait_for(lambda: "is on it, since" in warning.said, what="who is on it")
    office.agora.publish("daily", 1001, audio=True)
    office.wait_alert("recording_recovered", "nothing_stored")
    assert warning.elements.keys() == {"details"}


@pytest.mark.parametrize("error", ["ratelimited", "message_not_found"])
def test_where_slack_takes_no_edit_it_is_noted_all_the_same_and_the_person_reads_so(office: Office, error: str) -> None:
    office.start(**QUICK)
    alert = lost(office)
    office.wait_card("failed")
    fault = office.slack.faults.add("chat.update", error=error, times=None)
    said = told(office, press(office, alert, "take_alert"))
    assert f"did not let me show it on the alert ({error})" in said
    office.slack.faults.clear(fault)
    press(office, alert, "take_alert")
    office.slack.wait_for(lambda: "is on it, since" in alert.said, what="who is on it")


def test_an_alert_is_taken_while_slacks_web_api_hangs(office: Office) -> None:
    office.start(**QUICK)
    alert = lost(office)
    office.wait_card("failed")
    office.slack.faults.add("chat.update", hang=True)
    assert press(office, alert, "take_alert").acknowledged
    (row,) = office.slack.wait_for(
        lambda: office.bot.rows("SELECT taken_by FROM outbox WHERE taken_by IS NOT NULL"), what="who is on it"
    )
    assert row["taken_by"] == office.slack.person("ben").id
