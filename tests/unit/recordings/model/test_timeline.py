"""What is told in a recording's thread: what the card can't keep, and nothing that it says already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.model.options import AppliedLayout, Layout
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import Reported
from recordings.model.timeline import TimelineEvent, entries_between
from tests.fakes.rows import NOW, at, changed, over, up


def away(**facts: object) -> Recording:
    """Not found for half a minute."""
    return up(**{"state": State.INTERRUPTED, "not_found": 2, "not_found_since": at(-30)} | facts)


def told(before: Recording, after: Recording) -> list[TimelineEvent]:
    return [line.what for line in entries_between(before, after, NOW)]


def test_an_extension_says_who_did_it_and_until_when() -> None:
    before = up(ends_at=at(60))
    (line,) = entries_between(before, changed(before, ends_at=at(1860), extended_by="U2"), NOW)

    assert (line.what, line.who, line.moment, line.at) == (TimelineEvent.EXTENDED, "U2", at(1860), NOW)


def test_a_layout_that_somebody_chose_is_said_and_so_is_that_agora_refused_it() -> None:
    wish = {"chosen_layout": Layout.SPEAKER, "layout_by": "U2", "layout_at": at(5)}
    (chosen,) = entries_between(up(), up(**wish), NOW)
    refused = AppliedLayout(layout=Layout.GRID, refused_at=at(5), refusal="invalid parameter")
    (told,) = entries_between(up(**wish), up(**wish, applied_layout=refused), NOW)

    assert (chosen.what, chosen.who, chosen.layout) == (TimelineEvent.LAYOUT, "U2", Layout.SPEAKER)
    assert (told.what, told.who, told.detail) == (TimelineEvent.LAYOUT_REFUSED, "U2", "invalid parameter")
    assert list(entries_between(up(**wish, applied_layout=refused), up(**wish, applied_layout=refused), NOW)) == []


def test_the_end_that_was_asked_for_at_the_start_is_no_extension() -> None:
    assert told(up(), up(ends_at=at(60))) == []


def test_a_recorder_that_is_found_again_says_since_when_it_was_not() -> None:
    before = away()
    (line,) = entries_between(before, changed(before, state=State.RECORDING, not_found=0, not_found_since=None), NOW)

    assert (line.what, line.moment, line.who) == (TimelineEvent.FOUND_AGAIN, at(-30), "")


def test_a_move_that_agora_told_of_is_said_to_be_one() -> None:
    before = away(reported=Reported(moving=True, moved_at=at(-40)))
    (line,) = entries_between(before, replace(before, state=State.RECORDING, reported=Reported()), NOW)

    assert (line.what, line.moment) == (TimelineEvent.MOVED, at(-40))


def test_one_answer_not_found_amid_others_is_nothing_to_tell() -> None:
    before = away(not_found=1)
    assert told(before, replace(before, state=State.RECORDING)) == []


def test_another_recorder_than_the_one_that_was_lost_is_told_otherwise() -> None:
    before = away()
    assert told(before, replace(before, state=State.RECORDING, sid="another")) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (up(), up(queried_at=NOW)),
        (up(), up(stop_at=NOW, stop_by="U2")),
        (up(), away()),
        (away(), over(reason=Reason.LOST)),
    ],
)
def test_what_the_card_or_an_alert_says_is_not_said_twice(before: Recording, after: Recording) -> None:
    assert told(before, after) == []
