"""What is told in a recording's thread: what the card can't keep, and nothing that it says already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.model.options import Layout, Shown
from recordings.model.recording import Reason, Recording, State
from recordings.model.reported import Told
from recordings.model.timeline import Happening, lines
from tests.fakes.rows import NOW, at, over, up


def away(**facts: object) -> Recording:
    """Not found for half a minute."""
    return up(**{"state": State.INTERRUPTED, "not_found": 2, "not_found_since": at(-30)} | facts)


def told(before: Recording, after: Recording) -> list[Happening]:
    return [line.what for line in lines(before, after, NOW)]


def test_an_extension_says_who_did_it_and_until_when() -> None:
    before = up(ends_at=at(60))
    (line,) = lines(before, replace(before, ends_at=at(1860), extended_by="U2"), NOW)

    assert (line.what, line.who, line.moment, line.at) == (Happening.EXTENDED, "U2", at(1860), NOW)


def test_a_layout_that_somebody_chose_is_said_and_so_is_that_agora_refused_it() -> None:
    wish = {"layout_wanted": Layout.SPEAKER, "layout_wanted_by": "U2", "layout_wanted_at": at(5)}
    (chosen,) = lines(up(), up(**wish), NOW)
    refused = Shown(layout=Layout.GRID, refused_at=at(5), refusal="invalid parameter")
    (told,) = lines(up(**wish), up(**wish, shown=refused), NOW)

    assert (chosen.what, chosen.who, chosen.layout) == (Happening.LAYOUT, "U2", Layout.SPEAKER)
    assert (told.what, told.who, told.detail) == (Happening.LAYOUT_REFUSED, "U2", "invalid parameter")
    assert list(lines(up(**wish, shown=refused), up(**wish, shown=refused), NOW)) == []


def test_the_end_that_was_asked_for_at_the_start_is_no_extension() -> None:
    assert told(up(), up(ends_at=at(60))) == []


def test_a_recorder_that_is_found_again_says_since_when_it_was_not() -> None:
    before = away()
    (line,) = lines(before, replace(before, state=State.RECORDING, not_found=0, not_found_since=None), NOW)

    assert (line.what, line.moment, line.who) == (Happening.FOUND_AGAIN, at(-30), "")


def test_a_move_that_agora_told_of_is_said_to_be_one() -> None:
    before = away(told=Told(moving=True, moved_at=at(-40)))
    (line,) = lines(before, replace(before, state=State.RECORDING, told=Told()), NOW)

    assert (line.what, line.moment) == (Happening.MOVED, at(-40))


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
        (up(), up(stop_wanted_at=NOW, stop_wanted_by="U2")),
        (up(), away()),
        (away(), over(reason=Reason.LOST)),
    ],
)
def test_what_the_card_or_an_alert_says_is_not_said_twice(before: Recording, after: Recording) -> None:
    assert told(before, after) == []
