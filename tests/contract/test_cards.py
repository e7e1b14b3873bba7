"""When a card is due, and the reply to the person when no card could be posted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from tests.contract.conftest import Stored
from tests.fakes.intents import request_stop
from tests.fakes.rows import NOW, a_recording, at, changed, over, with_card

URL = "https://hooks.slack.example/commands/T1/secret"


def due_cards(stored: Stored) -> list[str]:
    return [key for key, _ in stored.recordings.due_cards(10)]


def posted(stored: Stored, **facts: object) -> Recording:
    """A recording whose card is posted and shows the row as it is."""
    before = stored.added(a_recording(**facts), URL)
    return stored.saved(before, replace(before, card_ts="1.1"))


def test_no_card_is_due_before_the_first_one_is_posted(stored: Stored) -> None:
    stored.added(a_recording())

    assert due_cards(stored) == []


def test_a_card_that_was_just_posted_is_not_due(stored: Stored) -> None:
    posted(stored)

    assert due_cards(stored) == []


def test_only_a_visible_change_makes_the_card_due(stored: Stored) -> None:
    before = posted(stored)
    stored.saved(before, changed(before, queried_at=at(1), tries=2, next_step_at=at(5)))
    assert due_cards(stored) == []

    stored.saved(before, replace(before, state=State.RECORDING, started_at=at(1)))
    assert due_cards(stored) == ["rec1"]


def test_a_requested_stop_makes_the_card_due(stored: Stored) -> None:
    posted(stored)
    request_stop(stored.recordings, "rec1", "U2", at(1))

    assert due_cards(stored) == ["rec1"]


def test_a_stop_requested_while_the_card_was_being_posted_makes_it_due(stored: Stored) -> None:
    before = stored.added(a_recording())
    request_stop(stored.recordings, "rec1", "U2", at(1))
    stored.saved(before, replace(before, card_ts="1.1"))

    assert due_cards(stored) == ["rec1"]


def test_a_change_during_an_edit_makes_the_card_due_again(stored: Stored) -> None:
    before = posted(stored)
    stored.saved(before, replace(before, state=State.RECORDING))
    job = stored.recordings.card("rec1")
    assert job is not None
    request_stop(stored.recordings, "rec1", "U2", at(1))

    stored.recordings.mark_card_drawn("rec1", job.version, "1.1", NOW, stored.epoch)

    assert due_cards(stored) == ["rec1"]
    again = stored.recordings.card("rec1")
    assert again is not None
    stored.recordings.mark_card_drawn("rec1", again.version, "1.1", NOW, stored.epoch)
    assert due_cards(stored) == []
    assert stored.recordings.card("rec1") is None


def test_ten_changes_are_drawn_in_one_edit(stored: Stored) -> None:
    row = posted(stored)
    for number in range(10):
        row = stored.saved(row, replace(row, state=State.RECORDING, files=(f"{number}.mp4",)))
    job = stored.recordings.card("rec1")
    assert job is not None

    stored.recordings.mark_card_drawn("rec1", job.version, "1.1", NOW, stored.epoch)

    assert job.recording.files == ("9.mp4",)
    assert due_cards(stored) == []


def test_a_change_does_not_move_a_deferred_edit_forward(stored: Stored) -> None:
    before = posted(stored)
    stored.recordings.mark_card_drawn("rec1", 1, "1.1", at(20), stored.epoch)
    stored.saved(before, replace(before, state=State.RECORDING))

    assert stored.recordings.due_cards(10) == [("rec1", at(20))]


def test_the_end_of_a_recording_is_due_at_once(stored: Stored) -> None:
    before = posted(stored)
    stored.recordings.mark_card_drawn("rec1", 1, "1.1", at(20), stored.epoch)
    stored.saved(before, replace(before, state=State.FAILED, reason=Reason.LOST))

    assert stored.recordings.due_cards(10) == [("rec1", NOW)]


def test_a_deferred_card_counts_its_tries_until_it_is_drawn(stored: Stored) -> None:
    before = posted(stored)
    stored.saved(before, replace(before, state=State.RECORDING))
    for seconds in (1, 3):
        stored.recordings.defer_card("rec1", at(seconds), stored.epoch)
    job = stored.recordings.card("rec1")
    assert job is not None
    assert (job.tries, stored.recordings.due_cards(10)) == (2, [("rec1", at(3))])

    stored.recordings.mark_card_drawn("rec1", job.version, "1.1", NOW, stored.epoch)
    request_stop(stored.recordings, "rec1", "U2", at(4))

    job = stored.recordings.card("rec1")
    assert job is not None
    assert job.tries == 0


def test_the_most_urgent_card_comes_first(stored: Stored) -> None:
    for name, seconds in (("late", 9), ("soon", 3)):
        stored.added(with_card(id=name, agora_channel=name))
        stored.recordings.defer_card(name, at(seconds), stored.epoch)

    assert stored.recordings.due_cards(10) == [("soon", at(3)), ("late", at(9))]
    assert len(stored.recordings.due_cards(1)) == 1


def test_a_recording_that_ended_before_its_card_was_posted_gets_one(stored: Stored) -> None:
    stored.added(over(card_ts=None))

    assert due_cards(stored) == ["rec1"]


# the reply to the person when no card could be posted


def undeliverable(stored: Stored, **facts: object) -> None:
    before = stored.added(a_recording(**facts), URL)
    stored.saved(before, replace(before, state=State.FAILED, reason=Reason.UNDELIVERABLE, detail="not_in_channel"))


def test_a_reply_is_due_when_no_card_could_be_posted(stored: Stored) -> None:
    undeliverable(stored)

    assert stored.recordings.due_replies(10) == [("rec1", NOW)]
    reply = stored.recordings.reply("rec1")
    assert reply is not None
    assert reply.response_url == URL
    assert reply.recording.detail == "not_in_channel"
    assert URL not in repr(reply)


def test_a_reply_is_sent_once(stored: Stored) -> None:
    undeliverable(stored)
    stored.recordings.mark_replied("rec1", stored.epoch)

    assert stored.recordings.due_replies(10) == []
    assert stored.recordings.reply("rec1") is None


def test_a_reply_that_slack_did_not_accept_is_due_later(stored: Stored) -> None:
    undeliverable(stored)
    stored.recordings.defer_reply("rec1", at(5), stored.epoch)

    assert stored.recordings.due_replies(10) == [("rec1", at(5))]


def test_the_response_url_is_deleted_once_the_card_is_posted(stored: Stored) -> None:
    before = posted(stored)
    stored.saved(before, replace(before, state=State.FAILED, reason=Reason.UNDELIVERABLE))

    assert stored.recordings.reply("rec1") is None


@pytest.mark.parametrize(("minutes", "known"), [(29, True), (31, False)])
def test_the_response_url_is_deleted_after_half_an_hour(stored: Stored, minutes: int, known: bool) -> None:
    undeliverable(stored)
    stored.recordings.forget_response_urls(at(minutes * 60))

    assert (stored.recordings.reply("rec1") is not None) is known


def test_no_reply_is_due_for_a_failure_that_its_card_can_report(stored: Stored) -> None:
    before = stored.added(a_recording(), URL)
    stored.saved(before, replace(before, state=State.FAILED, reason=Reason.UNAVAILABLE))

    assert stored.recordings.due_replies(10) == []
