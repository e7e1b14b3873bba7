"""The parts of a call that no link gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recordings.model.delivery import Delivery, DeliveryState, Footage, MediaFile
from recordings.model.recording import Recording
from recordings.model.unlinked import Position, UnlinkedPart, unlinked_parts
from tests.fakes.rows import a_delivery, a_lost_segment, at, over

FIRST = Footage(playlist="a/FIRST_daily.m3u8", seconds=20, begun_at=at(11), ended_at=at(31))
CURRENT = Footage(playlist="a/SID_daily.m3u8", seconds=50, begun_at=at(171), ended_at=at(221))
OF_FIRST, OF_CURRENT = (MediaFile(key=f"a/{sid}_daily_0.mp4", size=5000) for sid in ("FIRST", "SID"))
LOST = over(lost_segments=(a_lost_segment(found_at=at(90)),))
"""Up from 10 s, last found at 90 s, replaced at 170 s, over at 100 s of another clock."""
RESUMED = replace(LOST, ended_at=at(230))


def parts(recording: Recording, *footage: Footage, files: tuple[MediaFile, ...], **facts: object) -> list[UnlinkedPart]:
    playlists = tuple(one.playlist for one in footage)
    found = {"footage": footage, "playlists": playlists, "media_files": files}
    return list(unlinked_parts(replace(recording, delivery=a_delivery(**(found | facts)))))


def test_when_everything_is_in_a_file_nothing_is_left_out() -> None:
    assert parts(over(), CURRENT, files=(OF_CURRENT,)) == []
    assert parts(RESUMED, FIRST, CURRENT, files=(OF_FIRST, OF_CURRENT)) == []


def test_a_playlist_without_a_file_is_left_out_with_its_span() -> None:
    (part,) = parts(RESUMED, FIRST, CURRENT, files=(OF_CURRENT,))

    assert (part.position, part.begun_at, part.ended_at) == (Position.FIRST, at(11), at(31))
    assert part.length == timedelta(seconds=20)
    assert part.is_stored
    assert not part.lacks_segments


def test_a_server_of_a_moved_recorder_may_have_made_no_file() -> None:
    moved = replace(CURRENT, playlist="a/bak0_SID_daily.m3u8")
    (part,) = parts(over(), CURRENT, moved, files=(OF_CURRENT,))

    assert (part.position, part.length) == (Position.LAST, timedelta(seconds=50))


def test_a_lost_segment_without_any_file_is_left_out_from_its_start_until_it_was_last_found() -> None:
    (part,) = parts(RESUMED, CURRENT, files=(OF_CURRENT,))

    assert (part.position, part.begun_at, part.ended_at) == (Position.FIRST, at(10), at(90))
    assert not part.is_stored


def test_a_lost_segment_that_was_seen_for_an_instant_has_no_span() -> None:
    instant = replace(RESUMED, lost_segments=(a_lost_segment(found_at=at(10)),))
    (part,) = parts(instant, CURRENT, files=(OF_CURRENT,))

    assert (part.length, part.begun_at, part.ended_at) == (None, None, None)


def test_a_file_without_a_playlist_leaves_nothing_out() -> None:
    assert parts(RESUMED, CURRENT, files=(OF_FIRST, OF_CURRENT)) == []


def test_the_present_segment_is_left_out_only_if_its_files_are_reported_as_missing() -> None:
    """Otherwise nothing was recorded of it."""
    assert parts(RESUMED, FIRST, files=(OF_FIRST,)) == []
    (part,) = parts(RESUMED, FIRST, files=(OF_FIRST,), state=DeliveryState.MISSING, missing=("SID_daily.m3u8",))

    assert (part.position, part.begun_at, part.ended_at) == (Position.LAST, at(170), at(230))


@pytest.mark.parametrize("delivery", [None, *(Delivery(state=state) for state in DeliveryState)])
def test_before_the_files_are_known_nothing_is_left_out(delivery: Delivery | None) -> None:
    assert unlinked_parts(over(delivery=delivery)) == ()


def test_a_row_of_the_previous_release_has_parts_without_spans() -> None:
    two = replace(RESUMED, delivery=a_delivery(playlists=(FIRST.playlist, CURRENT.playlist)))
    (part,) = unlinked_parts(two)

    assert (part.position, part.length, part.begun_at) == (Position.FIRST, None, None)
