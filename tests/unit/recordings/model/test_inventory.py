"""Delivery checks of the objects of one recorder."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recordings.model.inventory import DeliveryCheck, inspect
from tests.fakes.bucket_contents import (
    MP4_BYTES,
    NAME,
    TS_BYTES,
    Objects,
    left_by,
    listing_of,
    playlist,
    ts_names,
    without,
)
from tests.fakes.rows import NOW

COMPLETE = left_by()
FIRST, SECOND = ts_names(NAME, 2)
HOUR = 3600.0


def checked(objects: Objects, *named: str) -> DeliveryCheck:
    return inspect(listing_of(objects), named)


def names(keys: tuple[str, ...]) -> list[str]:
    return [key.rsplit("/", 1)[-1] for key in keys]


def media_files(check: DeliveryCheck) -> list[str]:
    return names(tuple(file.key for file in check.media_files))


# complete or not


def test_a_playlist_its_ts_files_and_an_mp4_are_complete() -> None:
    check = checked(COMPLETE)

    assert check.is_complete
    assert check.finished
    assert (media_files(check), names(check.playlists)) == ([f"{NAME}_0.mp4"], [f"{NAME}.m3u8"])
    assert check.seconds == pytest.approx(30)
    assert check.size == 2 * TS_BYTES + MP4_BYTES + len(str(COMPLETE[f"{NAME}.m3u8"]))


def test_each_playlist_has_its_length_and_span() -> None:
    first, second = checked(left_by() | left_by(f"bak0_{NAME}", length=40)).footage

    assert (first.stem, second.stem) == (NAME, f"bak0_{NAME}")
    assert [first.seconds, second.seconds] == [pytest.approx(30), pytest.approx(40)]
    assert first.begun_at == NOW
    assert first.ended_at == NOW + timedelta(seconds=15.001), "the second TS file begins 1 ms after the first one"


def test_of_a_text_that_is_not_a_playlist_nothing_is_known() -> None:
    (footage,) = checked(COMPLETE | {f"{NAME}.m3u8": "<html>"}).footage

    assert (footage.seconds, footage.length, footage.begun_at) == (None, None, None)


INCOMPLETE: dict[str, tuple[Objects, tuple[str, ...], list[str], list[str]]] = {
    "nothing": ({}, (), [], []),
    "one TS file is missing": (without(COMPLETE, SECOND), (), [SECOND], []),
    "only the playlist": ({f"{NAME}.m3u8": COMPLETE[f"{NAME}.m3u8"]}, (), [FIRST, SECOND], []),
    "the MP4 is not there yet": (left_by(media_files=0), (), [], []),
    "a named MP4 is missing": (left_by(media_files=0), (f"{NAME}_0.mp4",), [f"{NAME}_0.mp4"], []),
    "the MP4 alone": ({f"{NAME}_0.mp4": MP4_BYTES}, (), [], []),
    "an MP4 of 0 bytes": (COMPLETE | {f"{NAME}_0.mp4": 0}, (), [], [f"{NAME}_0.mp4"]),
    "an MP4 of 112 bytes": (COMPLETE | {f"{NAME}_0.mp4": 112}, (), [], [f"{NAME}_0.mp4"]),
    "an MP4 just below the smallest size": (COMPLETE | {f"{NAME}_0.mp4": 1023}, (), [], [f"{NAME}_0.mp4"]),
    "a TS file of 0 bytes": (COMPLETE | {FIRST: 0}, (), [], [FIRST]),
    "a playlist without TS files": (COMPLETE | {f"{NAME}.m3u8": playlist()}, (), [], [f"{NAME}.m3u8"]),
    "a playlist of 0 bytes": (COMPLETE | {f"{NAME}.m3u8": ""}, (), [], [f"{NAME}.m3u8"]),
    "a text that is not a playlist": (COMPLETE | {f"{NAME}.m3u8": "<html>"}, (), [], [f"{NAME}.m3u8"]),
    "a gap in the numbers": (
        without(left_by(media_files=3), f"{NAME}_1.mp4"),
        (),
        [f"{NAME}_1.mp4"],
        [],
    ),
    "five hours and one MP4": (left_by(length=5 * HOUR), (), [], []),
}


@pytest.mark.parametrize("name", INCOMPLETE)
def test_an_incomplete_check_names_missing_and_empty_files(name: str) -> None:
    objects, named, missing, empty = INCOMPLETE[name]
    check = checked(objects, *named)

    assert not check.is_complete
    assert (list(check.missing), list(check.empty)) == (missing, empty)


@pytest.mark.parametrize("size", [1024, 10**9])
def test_an_mp4_of_the_smallest_size_counts(size: int) -> None:
    assert checked(COMPLETE | {f"{NAME}_0.mp4": size}).is_complete


def test_an_unfinished_playlist_is_complete_but_may_grow() -> None:
    check = checked(left_by(ended=False))

    assert check.is_complete
    assert not check.finished


def test_other_objects_do_not_matter() -> None:
    assert checked(COMPLETE | {f"{NAME}.json": 0, "SID_meta.txt": 3}).is_complete


# names that Agora gave


@pytest.mark.parametrize("folder", ["", "folder/", "simulated/C1/20260617/"])
def test_files_may_be_named_with_or_without_folders(folder: str) -> None:
    assert checked(COMPLETE, f"{folder}{NAME}.m3u8", f"{folder}{NAME}_0.mp4").is_complete
    assert checked(without(COMPLETE, f"{NAME}_0.mp4"), f"{folder}{NAME}_0.mp4").missing == (f"{NAME}_0.mp4",)


def test_a_missing_name_is_listed_once() -> None:
    missing_name = without(left_by(media_files=2), f"{NAME}_0.mp4", FIRST)

    assert checked(missing_name, f"{NAME}_0.mp4", f"x/{NAME}_0.mp4").missing == (f"{NAME}_0.mp4", FIRST)


# several MP4 files


@pytest.mark.parametrize(
    ("hours", "count", "enough"),
    [(0.5, 1, True), (3, 1, True), (3.2, 1, True), (3.2, 2, True), (5, 1, False), (5, 2, True), (7, 2, False)],
)
def test_a_long_recording_requires_an_mp4_about_every_three_hours(hours: float, count: int, enough: bool) -> None:
    assert checked(left_by(length=hours * HOUR, media_files=count)).is_complete is enough


def test_mp4_files_are_in_the_order_of_their_numbers() -> None:
    assert media_files(checked(left_by(media_files=12))) == [f"{NAME}_{index}.mp4" for index in range(12)]


# several servers


@pytest.mark.parametrize("sid", ["38f8e3cf", "c2f82612"])
def test_the_files_of_several_servers_are_in_the_order_of_the_servers(sid: str) -> None:
    """The names sort differently: `bak0_c2…` before `c2…`, and `bak10_…` before `bak2_…`."""
    servers = [f"{sid}_daily", *(f"bak{number}_{sid}_daily" for number in range(11))]
    objects: Objects = {}
    for name in servers:
        objects |= left_by(name, media_files=1)
    check = checked(objects)

    assert check.is_complete
    assert media_files(check) == [f"{name}_0.mp4" for name in servers]
    assert names(check.playlists) == [f"{name}.m3u8" for name in servers]
    assert check.seconds == pytest.approx(12 * 30)


@pytest.mark.parametrize("sid", ["38f8e3cf", "c2f82612"])
@pytest.mark.parametrize("last_ended", [True, False])
def test_the_playlist_of_the_last_server_says_whether_more_files_will_come(sid: str, last_ended: bool) -> None:
    died = left_by(f"{sid}_daily", ended=not last_ended)

    assert checked(died | left_by(f"bak0_{sid}_daily", ended=last_ended)).finished is last_ended


@pytest.mark.parametrize("name", [NAME, f"bak0_{NAME}"])
def test_a_ts_file_of_any_server_can_be_missing(name: str) -> None:
    missing_name = ts_names(name, 2)[0]

    assert checked(without(left_by() | left_by(f"bak0_{NAME}"), missing_name)).missing == (missing_name,)


@pytest.mark.parametrize("name", [NAME, f"bak0_{NAME}"])
def test_every_server_needs_an_mp4(name: str) -> None:
    assert not checked(without(left_by() | left_by(f"bak0_{NAME}"), f"{name}_0.mp4")).is_complete


@pytest.mark.parametrize("name", [NAME, f"bak0_{NAME}"])
def test_a_server_with_files_needs_a_playlist(name: str) -> None:
    """Without it the files of the other server would look complete."""
    assert checked(without(left_by() | left_by(f"bak0_{NAME}"), f"{name}.m3u8")).missing == (f"{name}.m3u8",)


def test_only_the_mp4_of_the_last_server_is_required() -> None:
    both = left_by() | left_by(f"bak0_{NAME}")
    died = checked(without(both, f"{NAME}_0.mp4"))
    stopped = checked(without(both, f"bak0_{NAME}_0.mp4"))

    assert (died.missing_mp4, died.missing_mp4_of_last_server) == ((f"{NAME}_0.mp4",), ())
    assert (stopped.missing_mp4, stopped.missing_mp4_of_last_server) == ((f"bak0_{NAME}_0.mp4",),) * 2


def test_each_server_needs_mp4_files_by_the_length_of_its_playlist() -> None:
    """Two hours and two hours are four, but neither needs a second file."""
    assert checked(left_by(length=2 * HOUR) | left_by(f"bak0_{NAME}", length=2 * HOUR)).is_complete
    assert not checked(left_by(length=4 * HOUR) | left_by(f"bak0_{NAME}", length=HOUR, media_files=2)).is_complete


# Agora's backup

TICK = "22194679897"
SHORT, LONG = playlist(FIRST), playlist(FIRST, SECOND)


def test_a_named_playlist_that_came_from_the_backup_is_not_missing() -> None:
    backed_up = without(COMPLETE, f"{NAME}.m3u8") | {f"{NAME}_{TICK}_0.m3u8": LONG}

    assert checked(backed_up, f"{NAME}.m3u8").is_complete
    assert checked(without(COMPLETE, f"{NAME}.m3u8"), f"{NAME}.m3u8").missing == (f"{NAME}.m3u8",)


def test_each_server_can_have_a_playlist_from_the_backup() -> None:
    second = left_by(f"bak0_{NAME}")
    objects = COMPLETE | second | {f"bak0_{NAME}_{TICK}_0.m3u8": str(second[f"bak0_{NAME}.m3u8"])}
    check = checked(objects)

    assert names(check.playlists) == [f"{NAME}.m3u8", f"bak0_{NAME}_{TICK}_0.m3u8"]
    assert checked(without(objects, f"bak0_{NAME}.m3u8"), f"bak0_{NAME}.m3u8").is_complete


@pytest.mark.parametrize("channel", ["20260617", "2026-06-17", "1", "123456-2"])
def test_a_channel_name_that_is_a_number_is_not_a_backup_index(channel: str) -> None:
    name = f"38f8e3cf_{channel}"
    check = checked(left_by(name) | {f"{name}_{TICK}_0.m3u8": SHORT})

    assert names(check.playlists) == [f"{name}.m3u8"]
