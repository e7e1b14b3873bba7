"""What was found in the bucket, judged by Agora's rules for names."""

from __future__ import annotations

import pytest

from recordings.model.inventory import DeliveryCheck, inspect
from recordings.model.playlists import StoredFile, effective_playlists, least_names, of_sid
from tests.fakes.bucket_contents import (
    NAME,
    PART_BYTES,
    SEGMENT_BYTES,
    Objects,
    left_by,
    playlist,
    segments_of,
    sighted,
    without,
)
from tests.fakes.rows import NOW

WHOLE = left_by()
FIRST, SECOND = segments_of(NAME, 2)
HOUR = 3600.0


def judged(objects: Objects, *named: str) -> DeliveryCheck:
    return inspect(sighted(objects), named)


def names(keys: tuple[str, ...]) -> list[str]:
    return [key.rsplit("/", 1)[-1] for key in keys]


def parts(verdict: DeliveryCheck) -> list[str]:
    return names(tuple(part.key for part in verdict.media_files))


# whole or not


def test_with_playlist_segments_and_mp4_it_is_whole() -> None:
    verdict = judged(WHOLE)

    assert verdict.is_complete
    assert verdict.finished
    assert (parts(verdict), names(verdict.playlists)) == ([f"{NAME}_0.mp4"], [f"{NAME}.m3u8"])
    assert verdict.seconds == pytest.approx(30)
    assert verdict.size == 2 * SEGMENT_BYTES + PART_BYTES + len(str(WHOLE[f"{NAME}.m3u8"]))


NOT_WHOLE: dict[str, tuple[Objects, tuple[str, ...], list[str], list[str]]] = {
    "nothing": ({}, (), [], []),
    "one segment is missing": (without(WHOLE, SECOND), (), [SECOND], []),
    "only the playlist": ({f"{NAME}.m3u8": WHOLE[f"{NAME}.m3u8"]}, (), [FIRST, SECOND], []),
    "the MP4 is not there yet": (left_by(media_files=0), (), [], []),
    "an MP4 that was named is not there": (left_by(media_files=0), (f"{NAME}_0.mp4",), [f"{NAME}_0.mp4"], []),
    "the MP4 alone": ({f"{NAME}_0.mp4": PART_BYTES}, (), [], []),
    "an MP4 of no bytes": (WHOLE | {f"{NAME}_0.mp4": 0}, (), [], [f"{NAME}_0.mp4"]),
    "an MP4 of 112 bytes": (WHOLE | {f"{NAME}_0.mp4": 112}, (), [], [f"{NAME}_0.mp4"]),
    "an MP4 right below the floor": (WHOLE | {f"{NAME}_0.mp4": 1023}, (), [], [f"{NAME}_0.mp4"]),
    "a segment of no bytes": (WHOLE | {FIRST: 0}, (), [], [FIRST]),
    "a playlist of no segments": (WHOLE | {f"{NAME}.m3u8": playlist()}, (), [], [f"{NAME}.m3u8"]),
    "a playlist of no bytes": (WHOLE | {f"{NAME}.m3u8": ""}, (), [], [f"{NAME}.m3u8"]),
    "a playlist that is none": (WHOLE | {f"{NAME}.m3u8": "<html>"}, (), [], [f"{NAME}.m3u8"]),
    "a gap in the numbers": (
        without(left_by(media_files=3), f"{NAME}_1.mp4"),
        (),
        [f"{NAME}_1.mp4"],
        [],
    ),
    "five hours and one MP4": (left_by(length=5 * HOUR), (), [], []),
}


@pytest.mark.parametrize("name", NOT_WHOLE)
def test_what_is_not_whole_says_what_is_missing_and_what_is_empty(name: str) -> None:
    objects, named, missing, empty = NOT_WHOLE[name]
    verdict = judged(objects, *named)

    assert not verdict.is_complete
    assert (list(verdict.missing), list(verdict.empty)) == (missing, empty)


@pytest.mark.parametrize("size", [1024, 10**9])
def test_an_mp4_at_the_floor_or_larger_is_one(size: int) -> None:
    assert judged(WHOLE | {f"{NAME}_0.mp4": size}).is_complete


def test_a_playlist_without_its_end_is_whole_but_may_grow() -> None:
    verdict = judged(left_by(ended=False))

    assert verdict.is_complete
    assert not verdict.finished


def test_an_object_of_no_consequence_does_no_harm() -> None:
    assert judged(WHOLE | {f"{NAME}.json": 0, "SID_meta.txt": 3}).is_complete


# names that Agora gave


@pytest.mark.parametrize("folder", ["", "folder/", "simulated/C1/20260617/"])
def test_files_may_be_named_with_or_without_folders(folder: str) -> None:
    assert judged(WHOLE, f"{folder}{NAME}.m3u8", f"{folder}{NAME}_0.mp4").is_complete
    assert judged(without(WHOLE, f"{NAME}_0.mp4"), f"{folder}{NAME}_0.mp4").missing == (f"{NAME}_0.mp4",)


def test_a_name_is_missing_once_however_often_and_by_whomever_it_was_given() -> None:
    gone = without(left_by(media_files=2), f"{NAME}_0.mp4", FIRST)

    assert judged(gone, f"{NAME}_0.mp4", f"x/{NAME}_0.mp4").missing == (f"{NAME}_0.mp4", FIRST)


# several MP4 files


@pytest.mark.parametrize(
    ("hours", "count", "enough"),
    [(0.5, 1, True), (3, 1, True), (3.2, 1, True), (3.2, 2, True), (5, 1, False), (5, 2, True), (7, 2, False)],
)
def test_a_long_recording_has_an_mp4_for_every_three_hours_or_so(hours: float, count: int, enough: bool) -> None:
    assert judged(left_by(length=hours * HOUR, media_files=count)).is_complete is enough


def test_parts_come_in_the_order_of_their_numbers() -> None:
    assert parts(judged(left_by(media_files=12))) == [f"{NAME}_{index}.mp4" for index in range(12)]


# failovers


@pytest.mark.parametrize("sid", ["38f8e3cf", "c2f82612"])
def test_what_several_servers_recorded_is_one_recording_in_the_order_in_which_they_recorded_it(sid: str) -> None:
    """Also where the names don't sort so: `bak0_c2…` comes before `c2…`, and `bak10_…` before `bak2_…`."""
    servers = [f"{sid}_daily", *(f"bak{number}_{sid}_daily" for number in range(11))]
    objects: Objects = {}
    for name in servers:
        objects |= left_by(name, media_files=1)
    verdict = judged(objects)

    assert verdict.is_complete
    assert parts(verdict) == [f"{name}_0.mp4" for name in servers]
    assert names(verdict.playlists) == [f"{name}.m3u8" for name in servers]
    assert verdict.seconds == pytest.approx(12 * 30)


@pytest.mark.parametrize("sid", ["38f8e3cf", "c2f82612"])
@pytest.mark.parametrize("last_ended", [True, False])
def test_it_is_the_last_servers_playlist_that_says_whether_more_comes(sid: str, last_ended: bool) -> None:
    died = left_by(f"{sid}_daily", ended=not last_ended)

    assert judged(died | left_by(f"bak0_{sid}_daily", ended=last_ended)).finished is last_ended


@pytest.mark.parametrize("name", [NAME, f"bak0_{NAME}"])
def test_a_segment_of_any_server_can_be_missing(name: str) -> None:
    gone = segments_of(name, 2)[0]

    assert judged(without(left_by() | left_by(f"bak0_{NAME}"), gone)).missing == (gone,)


@pytest.mark.parametrize("name", [NAME, f"bak0_{NAME}"])
def test_until_every_server_has_its_mp4_it_is_not_whole(name: str) -> None:
    assert not judged(without(left_by() | left_by(f"bak0_{NAME}"), f"{name}_0.mp4")).is_complete


@pytest.mark.parametrize("name", [NAME, f"bak0_{NAME}"])
def test_a_server_that_left_something_has_a_playlist_too(name: str) -> None:
    """Otherwise what the other server recorded would look like all there is."""
    assert judged(without(left_by() | left_by(f"bak0_{NAME}"), f"{name}.m3u8")).missing == (f"{name}.m3u8",)


def test_only_of_the_last_server_an_mp4_can_be_demanded() -> None:
    both = left_by() | left_by(f"bak0_{NAME}")
    died = judged(without(both, f"{NAME}_0.mp4"))
    stopped = judged(without(both, f"bak0_{NAME}_0.mp4"))

    assert (died.missing_mp4, died.missing_mp4_of_last_server) == ((f"{NAME}_0.mp4",), ())
    assert (stopped.missing_mp4, stopped.missing_mp4_of_last_server) == ((f"bak0_{NAME}_0.mp4",),) * 2


def test_each_server_has_mp4_files_by_the_length_of_what_it_recorded() -> None:
    """Two hours and two hours are four, and neither has a second file."""
    assert judged(left_by(length=2 * HOUR) | left_by(f"bak0_{NAME}", length=2 * HOUR)).is_complete
    assert not judged(left_by(length=4 * HOUR) | left_by(f"bak0_{NAME}", length=HOUR, media_files=2)).is_complete


# by way of Agora's backup

TICK = "22194679897"
SHORT, LONG = playlist(FIRST), playlist(FIRST, SECOND)


@pytest.mark.parametrize(
    ("playlists", "right"),
    [
        ({"": LONG}, ""),
        ({"_0": SHORT, "_1": LONG}, "_1"),
        ({"_0": LONG, "_1": SHORT}, "_1"),
        ({"_2": SHORT, "_10": LONG}, "_10"),
        ({"": LONG, "_0": SHORT, "_1": SHORT}, ""),
        ({"": SHORT, "_0": SHORT, "_1": LONG}, "_1"),
        ({"": SHORT, "_0": LONG, "_1": SHORT}, "_1"),
    ],
    ids=str,
)
def test_of_the_playlist_with_the_highest_index_and_the_plain_one_the_larger_counts(
    playlists: dict[str, str], right: str
) -> None:
    """Of two that are as large, the one that came by way of the backup: it is not the older one."""
    objects: Objects = {
        f"{NAME}.m3u8" if not suffix else f"{NAME}_{TICK}{suffix}.m3u8": text for suffix, text in playlists.items()
    }
    files = sighted(objects).files

    assert names(effective_playlists(files)) == [f"{NAME}.m3u8" if not right else f"{NAME}_{TICK}{right}.m3u8"]


def test_a_playlist_that_was_named_and_came_by_way_of_the_backup_is_not_missing() -> None:
    backed_up = without(WHOLE, f"{NAME}.m3u8") | {f"{NAME}_{TICK}_0.m3u8": LONG}

    assert judged(backed_up, f"{NAME}.m3u8").is_complete
    assert judged(without(WHOLE, f"{NAME}.m3u8"), f"{NAME}.m3u8").missing == (f"{NAME}.m3u8",)


def test_each_server_has_a_backup_of_its_own() -> None:
    second = left_by(f"bak0_{NAME}")
    objects = WHOLE | second | {f"bak0_{NAME}_{TICK}_0.m3u8": str(second[f"bak0_{NAME}.m3u8"])}
    verdict = judged(objects)

    assert names(verdict.playlists) == [f"{NAME}.m3u8", f"bak0_{NAME}_{TICK}_0.m3u8"]
    assert judged(without(objects, f"bak0_{NAME}.m3u8"), f"bak0_{NAME}.m3u8").is_complete


@pytest.mark.parametrize("channel", ["20260617", "2026-06-17", "1", "123456-2"])
def test_a_channel_whose_name_is_a_number_is_not_taken_for_a_backup(channel: str) -> None:
    name = f"38f8e3cf_{channel}"
    verdict = judged(left_by(name) | {f"{name}_{TICK}_0.m3u8": SHORT})

    assert names(verdict.playlists) == [f"{name}.m3u8"]


# which objects are the recording's


def test_only_what_bears_the_sid_is_of_the_recording() -> None:
    mine, backup, other = (StoredFile(key, 1, NOW) for key in ("a/SID_daily.m3u8", "a/bak0_SID_daily.ts", "a/X_y.ts"))
    in_the_folder = StoredFile("SID/X_y.ts", 1, NOW)

    assert of_sid((mine, backup, other, in_the_folder), "SID") == (mine, backup)


def test_the_names_that_are_expected_follow_agoras_rules() -> None:
    assert least_names("SID", "team_call #1!") == ("SID_team-call -1-.m3u8", "SID_team-call -1-_0.mp4")
