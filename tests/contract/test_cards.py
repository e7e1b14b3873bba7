"""Which cards are older than their row, and the way to answer somebody where no card could be posted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.model.recording import Reason, Recording, State
from tests.contract.conftest import Stores
from tests.fakes.rows import NOW, a_recording, at, over, with_card

URL = "https://hooks.slack.example/commands/T1/secret"


def undrawn(stores: Stores) -> list[str]:
    return [key for key, _ in stores.recordings.undrawn(10)]


def posted(stores: Stores, **facts: object) -> Recording:
    """A recording whose card is posted and shows the row as it is."""
    before = stores.added(a_recording(**facts), URL)
    return stores.saved(before, replace(before, card_ts="1.1"))


def test_before_its_card_is_posted_there_is_nothing_to_draw_anew(stores: Stores) -> None:
    stores.added(a_recording())

    assert undrawn(stores) == []


def test_a_card_that_was_just_posted_shows_the_row(stores: Stores) -> None:
    posted(stores)

    assert undrawn(stores) == []


def test_a_visible_change_has_to_be_drawn_and_an_invisible_one_does_not(stores: Stores) -> None:
    before = posted(stores)
    stores.saved(before, replace(before, queried_at=at(1), tries=2, next_step_at=at(5)))
    assert undrawn(stores) == []

    stores.saved(before, replace(before, state=State.RECORDING, started_at=at(1)))
    assert undrawn(stores) == ["rec1"]


def test_a_stop_that_somebody_asked_for_has_to_be_drawn(stores: Stores) -> None:
    posted(stores)
    stores.recordings.wish_stop("rec1", "U2", at(1))

    assert undrawn(stores) == ["rec1"]


def test_a_stop_that_came_while_the_card_was_being_posted_has_to_be_drawn(stores: Stores) -> None:
    before = stores.added(a_recording())
    stores.recordings.wish_stop("rec1", "U2", at(1))
    stores.saved(before, replace(before, card_ts="1.1"))

    assert undrawn(stores) == ["rec1"]


def test_what_changed_while_it_was_drawn_is_drawn_again(stores: Stores) -> None:
    before = posted(stores)
    stores.saved(before, replace(before, state=State.RECORDING))
    job = stores.recordings.card("rec1")
    assert job is not None
    stores.recordings.wish_stop("rec1", "U2", at(1))

    stores.recordings.card_drawn("rec1", job.version, "1.1", NOW, stores.epoch)

    assert undrawn(stores) == ["rec1"]
    again = stores.recordings.card("rec1")
    assert again is not None
    stores.recordings.card_drawn("rec1", again.version, "1.1", NOW, stores.epoch)
    assert undrawn(stores) == []
    assert stores.recordings.card("rec1") is None


def test_ten_changes_make_one_drawing(stores: Stores) -> None:
    row = posted(stores)
    for number in range(10):
        row = stores.saved(row, replace(row, state=State.RECORDING, files=(f"{number}.mp4",)))
    job = stores.recordings.card("rec1")
    assert job is not None

    stores.recordings.card_drawn("rec1", job.version, "1.1", NOW, stores.epoch)

    assert job.recording.files == ("9.mp4",)
    assert undrawn(stores) == []


def test_a_card_that_has_to_wait_is_not_drawn_earlier_because_the_row_changes(stores: Stores) -> None:
    before = posted(stores)
    stores.recordings.card_drawn("rec1", 1, "1.1", at(20), stores.epoch)
    stores.saved(before, replace(before, state=State.RECORDING))

    assert stores.recordings.undrawn(10) == [("rec1", at(20))]


def test_how_it_ended_is_drawn_at_once(stores: Stores) -> None:
    before = posted(stores)
    stores.recordings.card_drawn("rec1", 1, "1.1", at(20), stores.epoch)
    stores.saved(before, replace(before, state=State.FAILED, reason=Reason.LOST))

    assert stores.recordings.undrawn(10) == [("rec1", NOW)]


def test_a_deferred_card_counts_its_tries_and_starts_afresh_once_it_is_drawn(stores: Stores) -> None:
    before = posted(stores)
    stores.saved(before, replace(before, state=State.RECORDING))
    for seconds in (1, 3):
        stores.recordings.card_deferred("rec1", at(seconds), stores.epoch)
    job = stores.recordings.card("rec1")
    assert job is not None
    assert (job.tries, stores.recordings.undrawn(10)) == (2, [("rec1", at(3))])

    stores.recordings.card_drawn("rec1", job.version, "1.1", NOW, stores.epoch)
    stores.recordings.wish_stop("rec1", "U2", at(4))

    afresh = stores.recordings.card("rec1")
    assert afresh is not None
    assert afresh.tries == 0


def test_the_most_urgent_card_comes_first(stores: Stores) -> None:
    for name, seconds in (("late", 9), ("soon", 3)):
        stores.added(with_card(id=name, agora_channel=name))
        stores.recordings.card_deferred(name, at(seconds), stores.epoch)

    assert stores.recordings.undrawn(10) == [("soon", at(3)), ("late", at(9))]
    assert len(stores.recordings.undrawn(1)) == 1


def test_one_that_was_stopped_before_its_card_could_be_posted_still_gets_one(stores: Stores) -> None:
    stores.added(over(card_ts=None))

    assert undrawn(stores) == ["rec1"]


# the way to answer somebody where no card could be posted


def undeliverable(stores: Stores, **facts: object) -> None:
    before = stores.added(a_recording(**facts), URL)
    stores.saved(before, replace(before, state=State.FAILED, reason=Reason.UNDELIVERABLE, detail="not_in_channel"))


def test_where_no_card_could_be_posted_the_person_has_to_be_answered(stores: Stores) -> None:
    undeliverable(stores)

    assert stores.recordings.unanswered(10) == [("rec1", NOW)]
    reply = stores.recordings.reply("rec1")
    assert reply is not None
    assert reply.response_url == URL
    assert reply.recording.detail == "not_in_channel"
    assert URL not in repr(reply)


def test_an_answer_is_given_once(stores: Stores) -> None:
    undeliverable(stores)
    stores.recordings.replied("rec1", stores.epoch)

    assert stores.recordings.unanswered(10) == []
    assert stores.recordings.reply("rec1") is None


def test_an_answer_that_slack_did_not_take_waits(stores: Stores) -> None:
    undeliverable(stores)
    stores.recordings.reply_deferred("rec1", at(5), stores.epoch)

    assert stores.recordings.unanswered(10) == [("rec1", at(5))]


def test_the_way_to_answer_is_forgotten_once_the_card_is_posted(stores: Stores) -> None:
    before = posted(stores)
    stores.saved(before, replace(before, state=State.FAILED, reason=Reason.UNDELIVERABLE))

    assert stores.recordings.reply("rec1") is None


@pytest.mark.parametrize(("minutes", "known"), [(29, True), (31, False)])
def test_the_way_to_answer_is_forgotten_after_half_an_hour(stores: Stores, minutes: int, known: bool) -> None:
    undeliverable(stores)
    stores.recordings.forget_response_urls(at(minutes * 60))

    assert (stores.recordings.reply("rec1") is not None) is known


def test_only_a_failure_that_nobody_else_could_hear_of_is_answered_that_way(stores: Stores) -> None:
    before = stores.added(a_recording(), URL)
    stores.saved(before, replace(before, state=State.FAILED, reason=Reason.UNAVAILABLE))

    assert stores.recordings.unanswered(10) == []
