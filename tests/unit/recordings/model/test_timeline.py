"""Timeline entries: changes that the card can't keep, and nothing that the card or an alert says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.model.options import AppliedLayout, Layout, Options
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import Reported
from recordings.model.timeline import TimelineEvent, entries_between
from tests.fakes.rows import NOW, at, changed, over, up


def not_found(**facts: object) -> Recording:
    """Not found for half a minute."""
    return up(**{"state": State.INTERRUPTED, "not_found": 2, "not_found_since": at(-30)} | facts)


def told(before: Recording, after: Recording) -> list[TimelineEvent]:
    return [entry.what for entry in entries_between(before, after, NOW)]


def test_an_extension_has_the_person_and_the_new_end() -> None:
    before = up(ends_at=at(60))
    (entry,) = entries_between(before, changed(before, ends_at=at(1860), extended_by="U2"), NOW)

    assert (entry.what, entry.who, entry.moment, entry.at) == (TimelineEvent.EXTENDED, "U2", at(1860), NOW)


CHOICE = {"chosen_layout": Layout.SPEAKER, "layout_by": "U2", "layout_at": at(5)}


def test_a_chosen_layout_is_an_entry_once_the_recorder_has_it() -> None:
    applied = AppliedLayout(layout=Layout.SPEAKER, big_uid=7)
    (entry,) = entries_between(up(**CHOICE), up(**CHOICE, applied_layout=applied), NOW)

    assert told(up(), up(**CHOICE)) == [], "Agora may refuse it"
    assert (entry.what, entry.who, entry.layout) == (TimelineEvent.LAYOUT, "U2", Layout.SPEAKER)


def test_the_layout_that_a_recording_was_started_with_is_no_entry() -> None:
    options = Options(layout=Layout.SPEAKER)
    waiting, applied = AppliedLayout(layout=Layout.GRID), AppliedLayout(layout=Layout.SPEAKER)

    assert told(up(options=options, applied_layout=waiting), up(options=options, applied_layout=applied)) == []


def test_a_refused_layout_is_an_entry_with_the_one_that_stays_and_never_one_that_was_chosen() -> None:
    refused = AppliedLayout(layout=Layout.GRID, refused_at=at(5), refusal="invalid parameter")
    (entry,) = entries_between(up(**CHOICE), up(**CHOICE, applied_layout=refused), NOW)

    assert (entry.what, entry.who, entry.layout) == (TimelineEvent.LAYOUT_REFUSED, "U2", Layout.SPEAKER)
    assert entry.detail == "grid"
    assert told(up(**CHOICE, applied_layout=refused), up(**CHOICE, applied_layout=refused)) == []


def test_an_end_chosen_with_the_start_is_not_an_extension() -> None:
    assert told(up(), up(ends_at=at(60))) == []


def test_a_recorder_that_is_found_again_is_an_entry_with_the_time_since_when_it_was_not() -> None:
    before = not_found()
    (entry,) = entries_between(before, changed(before, state=State.RECORDING, not_found=0, not_found_since=None), NOW)

    assert (entry.what, entry.moment, entry.who) == (TimelineEvent.FOUND_AGAIN, at(-30), "")


def test_a_reported_move_is_an_entry_of_its_own_kind() -> None:
    before = not_found(reported=Reported(moving=True, moved_at=at(-40)))
    (entry,) = entries_between(before, replace(before, state=State.RECORDING, reported=Reported()), NOW)

    assert (entry.what, entry.moment) == (TimelineEvent.MOVED, at(-40))


def test_a_single_answer_not_found_is_no_entry() -> None:
    before = not_found(not_found=1)
    assert told(before, replace(before, state=State.RECORDING)) == []


def test_a_replaced_recorder_is_no_entry() -> None:
    before = not_found()
    assert told(before, replace(before, state=State.RECORDING, sid="another")) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (up(), up(queried_at=NOW)),
        (up(), up(stop_at=NOW, stop_by="U2")),
        (up(), not_found()),
        (not_found(), over(reason=Reason.LOST)),
    ],
)
def test_changes_on_the_card_or_in_an_alert_are_no_entries(before: Recording, after: Recording) -> None:
    assert told(before, after) == []
