"""The log of acts: who did what, when, and from where."""

from __future__ import annotations

from recordings.model import Act, Deed, Source
from tests.contract.conftest import Stores
from tests.fakes.rows import a_delivery, at, over


def an_act(seconds: float = 0, who: str = "U2", detail: str = "") -> Act:
    return Act(
        at=at(seconds),
        who=who,
        what=Deed.GOT_LINKS,
        source=Source.BUTTON,
        recording_id="rec1",
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
