"""The length of what people can download, and what of a recording each file contains."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recordings.model.delivery import Delivery, DeliveryState, Footage, MediaFile
from tests.fakes.rows import a_delivery, at

FIRST = Footage(playlist="a/SID_daily.m3u8", seconds=300, begun_at=at(0), ended_at=at(300))
SECOND = Footage(playlist="a/bak0_SID_daily.m3u8", seconds=60, begun_at=at(320), ended_at=at(380))
OF_FIRST, NEXT_OF_FIRST = MediaFile(key="a/SID_daily_0.mp4", size=5000), MediaFile(key="a/SID_daily_1.mp4", size=6000)
OF_SECOND = MediaFile(key="a/bak0_SID_daily_0.mp4", size=7000)


def found(*media_files: MediaFile, footage: tuple[Footage, ...] = (FIRST, SECOND), **facts: object) -> Delivery:
    seconds = sum(one.seconds or 0 for one in footage)
    playlists = tuple(one.playlist for one in footage)
    known = {"media_files": media_files, "footage": footage, "playlists": playlists, "seconds": seconds}
    return a_delivery(**(known | facts))


def old(delivery: Delivery) -> Delivery:
    """As the previous release stored it."""
    return replace(delivery, footage=())


def minutes(delivery: Delivery) -> float | None:
    return None if delivery.length is None else delivery.length / timedelta(minutes=1)


def test_the_length_is_that_of_the_playlists_that_have_a_file() -> None:
    assert minutes(found(OF_FIRST, OF_SECOND)) == 6
    assert minutes(found(OF_FIRST)) == 5
    assert minutes(found(OF_SECOND)) == 1
    assert minutes(found(OF_FIRST, NEXT_OF_FIRST, OF_SECOND)) == 6
    assert found(OF_FIRST).seconds == 360, "the previous release reads the length of everything"


def test_without_a_file_there_is_no_length() -> None:
    assert minutes(found()) is None
    assert minutes(found(OF_FIRST, state=DeliveryState.AWAITED)) is None


@pytest.mark.parametrize(
    "delivery",
    [
        found(OF_FIRST, footage=(SECOND,)),
        found(OF_FIRST, OF_SECOND, footage=(FIRST,)),
        found(OF_FIRST, OF_SECOND, footage=(FIRST, Footage(playlist=SECOND.playlist))),
        found(NEXT_OF_FIRST, missing=("SID_daily_0.mp4",)),
        found(OF_FIRST, NEXT_OF_FIRST, empty=("SID_daily_1.mp4",)),
    ],
    ids=["another playlist", "a file without a playlist", "an unreadable playlist", "a missing file", "an empty file"],
)
def test_a_length_that_nothing_says_is_not_invented(delivery: Delivery) -> None:
    assert minutes(delivery) is None


def test_a_row_of_the_previous_release_has_a_length_if_every_playlist_has_a_file() -> None:
    assert minutes(old(found(OF_FIRST, OF_SECOND))) == 6
    assert minutes(old(found(OF_FIRST, NEXT_OF_FIRST, footage=(FIRST,)))) == 5
    assert minutes(old(found(OF_FIRST))) is None, "the stored length is that of both playlists"


def test_a_file_contains_what_its_playlist_lists_if_it_is_the_only_one() -> None:
    two = found(OF_FIRST, OF_SECOND)

    assert (two.footage_of(OF_FIRST), two.footage_of(OF_SECOND)) == (FIRST, SECOND)
    assert found(OF_FIRST, NEXT_OF_FIRST).footage_of(OF_FIRST) is None
    assert found(OF_FIRST, NEXT_OF_FIRST).files_of(FIRST) == (OF_FIRST, NEXT_OF_FIRST)
    assert old(two).footage_of(OF_FIRST) == Footage(playlist=FIRST.playlist), "without length and span"


def test_count_and_size_are_those_of_the_files_that_people_can_download() -> None:
    delivery = found(OF_FIRST, NEXT_OF_FIRST, empty=("SID_daily_1.mp4",), size=10**9)

    assert (len(delivery.downloadable), delivery.download_size) == (1, 5000)


def test_what_is_in_no_file_is_known_to_be() -> None:
    delivery = found(OF_SECOND, missing=("SID_daily_20260617114200000.ts",))

    assert [delivery.is_linked(one) for one in (FIRST, SECOND)] == [False, True]
    assert [delivery.lacks_segments(one) for one in (FIRST, SECOND)] == [True, False]
    assert not found(empty=("SID_daily.m3u8",)).is_stored(FIRST)
