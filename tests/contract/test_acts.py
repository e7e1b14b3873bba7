"""The log of acts: who did what, when, and from where."""

from __future__ import annotations

import pytest

from recordings.errors import LeaseLost
from recordings.lifecycle.actions import Change
from recordings.model.audit import Act, Deed, Source
from tests.contract.conftest import Stores
from tests.fakes.rows import NOW, a_delivery, a_recording, an_alert, at, over, up


def an_act(
    seconds: float = 0, who: str = "U2", detail: str = "", what: Deed = Deed.GOT_LINKS, recording_id: str = "rec1"
) -> Act:
    return Act(
        at=at(seconds),
        who=who,
        what=what,
        source=Source.BUTTON,
        recording_id=recording_id,
        slack_channel="C1",
        detail=detail,
    )


def test_acts_are_read_as_they_were_written_and_in_that_order(stores: Stores) -> None:
    acts = [an_act(2.25, detail="a_0.mp4, <b>.mp4"), an_act(1, who="U1"), an_act(3, detail="x" * 10_000)]
    for act in acts:
        stores.acts.note(act)

    assert stores.acts.all() == acts


def test_the_same_deed_twice_is_two_acts(stores: Stores) -> None:
    stores.acts.note(an_act())
    stores.acts.note(an_act())

    assert len(stores.acts.all()) == 2


def test_an_act_is_noted_whoever_leads(stores: Stores) -> None:
    stores.succeed()
    stores.acts.note(an_act())

    assert len(stores.acts.all()) == 1


def test_the_recording_that_somebody_means_is_found_with_its_files(stores: Stores) -> None:
    ended = stores.added(over(delivery=a_delivery(1, 2)))

    assert stores.acts.recording("rec1") == ended
    assert stores.acts.recording("nobody") is None
    assert stores.acts.recording("") is None


STARTED, STOPPED = an_act(what=Deed.STARTED), an_act(1, what=Deed.STOPPED)


def test_an_act_is_written_together_with_the_recording_and_with_the_wish(stores: Stores) -> None:
    stores.recordings.add_recording(a_recording(), None, "trigger 1", STARTED)
    stores.recordings.wish_stop("rec1", "U2", at(1), "trigger 2", STOPPED)

    assert stores.acts.all() == [STARTED, STOPPED]


@pytest.mark.parametrize("request_", ["trigger 1", None])
def test_a_start_that_starts_nothing_is_no_act(stores: Stores, request_: str | None) -> None:
    stores.recordings.add_recording(a_recording(), None, "trigger 1", STARTED)
    stores.recordings.add_recording(a_recording(id="second"), None, request_, an_act(recording_id="second"))

    assert stores.acts.all() == [STARTED]


def test_a_start_that_comes_again_after_the_recording_is_over_is_no_second_act(stores: Stores) -> None:
    stores.recordings.add_recording(over(), None, "trigger 1", STARTED)
    stores.recordings.add_recording(a_recording(id="second"), None, "trigger 1", an_act(recording_id="second"))

    assert stores.acts.all() == [STARTED]


@pytest.mark.parametrize("request_", ["trigger 2", "trigger 3", None])
def test_a_stop_that_comes_again_or_second_is_no_act(stores: Stores, request_: str | None) -> None:
    stores.added(up())
    for request in ("trigger 2", request_):
        stores.recordings.wish_stop("rec1", "U2", at(1), request, STOPPED)

    assert stores.acts.all() == [STOPPED]


def test_a_stop_of_what_is_over_is_no_act(stores: Stores) -> None:
    stores.added(over())
    stores.recordings.wish_stop("rec1", "U2", at(1), "trigger 2", STOPPED)

    assert stores.acts.all() == []


def test_what_the_bot_does_by_itself_is_written_with_its_step_or_not_at_all(stores: Stores) -> None:
    before = stores.added(up())
    by_itself = an_act(5, who="", what=Deed.STOPPED)
    stores.saved(before, Change(before, alerts=(an_alert(),), acts=(by_itself,)))
    assert stores.acts.all() == [by_itself]

    stores.succeed()
    with pytest.raises(LeaseLost):
        stores.recordings.save(before, Change(before, acts=(by_itself,)), stores.epoch, NOW)
    assert stores.acts.all() == [by_itself]


def test_acts_are_found_by_their_time_oldest_first_with_their_agora_channel(stores: Stores) -> None:
    stores.added(up(agora_channel="=daily"))
    late, early, other = an_act(3), an_act(1, who="U1"), an_act(2, recording_id="gone")
    for act in (late, early, other):
        stores.acts.note(act)

    assert stores.acts.between(at(0)) == [(early, "=daily"), (other, ""), (late, "=daily")]
    assert stores.acts.between(at(1.001), at(3)) == [(other, "")]
    assert stores.acts.between(at(1), at(1.001)) == [(early, "=daily")]
    assert stores.acts.between(at(4)) == []
