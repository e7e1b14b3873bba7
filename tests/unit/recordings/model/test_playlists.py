"""Parsing Agora's playlists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.model.playlists import (
    Playlist,
    StoredFile,
    basename,
    effective_playlists,
    least_names,
    of_sid,
    parse_playlist,
)
from tests.fakes.bucket_contents import NAME, Objects, listing_of, playlist, ts_names
from tests.fakes.rows import NOW

DOCUMENTED = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-ALLOW-CACHE:YES
#EXT-X-TARGETDURATION:34
#EXT-X-DISCONTINUITY
#EXT-X-AGORA-ROTATE:WIDTH=640,HEIGHT=480,ROTATE=0,TIME=20190920125142485
#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=VIDEO,TIME=20190920125142485
#EXTINF:6.332000
sid713476478245_cnameagora__uid_s_123__uid_e_video_20190920125142485.ts
#EXT-X-AGORA-ROTATE:WIDTH=1280,HEIGHT=720,ROTATE=0,TIME=20190920125149174
#EXT-X-DISCONTINUITY
#EXTINF:17.442000
sid713476478245_cnameagora__uid_s_123__uid_e_video_20190920125149174.ts
#EXT-X-ENDLIST
"""


def test_the_example_in_agoras_documentation_is_parsed() -> None:
    parsed = parse_playlist(DOCUMENTED)

    assert parsed is not None
    assert [name.rsplit("_", 1)[-1] for name in parsed.ts_files] == ["20190920125142485.ts", "20190920125149174.ts"]
    assert parsed.seconds == pytest.approx(23.774)
    assert parsed.finished
    assert parsed.begun_at == datetime(2019, 9, 20, 12, 51, 42, 485_000, UTC)
    assert parsed.ended_at == datetime(2019, 9, 20, 12, 52, 6, 616_000, UTC), "17.442 s after the last TS file began"


@pytest.mark.parametrize(
    "names",
    [
        ("a.ts", "b.ts"),
        ("a_20190920125142485.ts", "b.ts"),
        ("a_20191399125142485.ts", "a_20191399125142485.ts"),
        ("a_20190920125149174.ts", "a_20190920125142485.ts"),
        ("a_99990920125149174.ts", "a_99990920125149174.ts"),
        ("a_20190920125149174.mp4",),
        (),
    ],
    ids=str,
)
def test_without_the_times_in_the_names_the_span_is_unknown(names: tuple[str, ...]) -> None:
    parsed = parse_playlist(playlist(*names, seconds=999_999_999))

    assert parsed is not None
    assert (parsed.begun_at, parsed.ended_at) == (None, None)


def test_the_span_of_a_playlist_does_not_depend_on_folders_in_it() -> None:
    parsed = parse_playlist(playlist("x/a_20190920125142485.ts", seconds=2))

    assert parsed is not None
    assert parsed.begun_at is not None
    assert parsed.ended_at == parsed.begun_at + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("#EXTINF:15.019", 15.019),
        ("#EXTINF:15.019,", 15.019),
        ("#EXTINF:15.019,a title", 15.019),
        ("#EXTINF: 15", 15),
        ("#EXTINF:15", 15),
        ("#EXTINF:", 0),
        ("#EXTINF:long", 0),
    ],
)
def test_a_length_is_parsed_with_and_without_the_comma(line: str, seconds: float) -> None:
    assert parse_playlist(f"#EXTM3U\n{line}\na.ts\n") == Playlist(("a.ts",), seconds, False)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(end: str, mark: str) -> None:
    text = mark + end.join(["#EXTM3U", "", "#EXTINF:2.5", "  a.ts  ", "#EXT-X-ENDLIST"])

    assert parse_playlist(text) == Playlist(("a.ts",), 2.5, True)


def test_a_playlist_without_an_end_tag_is_not_finished() -> None:
    parsed = parse_playlist(playlist("a.ts", "b.ts", ended=False))

    assert parsed is not None
    assert not parsed.finished


def test_an_empty_playlist_has_no_ts_files() -> None:
    assert parse_playlist(playlist()) == Playlist((), 0, True)


@pytest.mark.parametrize(
    "text", ["", "\n\n", "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "a.ts\nb.ts\n", "#EXTM3U8\n"]
)
def test_a_text_that_is_not_a_playlist_gives_none(text: str) -> None:
    assert parse_playlist(text) is None


@given(st.text())
def test_any_text_gives_a_valid_playlist_or_none(text: str) -> None:
    parsed = parse_playlist(text)

    assert parsed is None or (parsed.seconds >= 0 and all(parsed.ts_files))


# names

TICK = "22194679897"
FIRST, SECOND = ts_names(NAME, 2)
SHORT, LONG = playlist(FIRST), playlist(FIRST, SECOND)


@pytest.mark.parametrize(
    ("playlists", "valid"),
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
def test_of_the_backup_playlist_with_the_highest_index_and_the_plain_one_the_larger_is_valid(
    playlists: dict[str, str], valid: str
) -> None:
    """Of two with the same size the one from the backup, which is not older."""
    objects: Objects = {
        f"{NAME}.m3u8" if not suffix else f"{NAME}_{TICK}{suffix}.m3u8": text for suffix, text in playlists.items()
    }
    keys = effective_playlists(listing_of(objects).files)

    assert [basename(key) for key in keys] == [f"{NAME}.m3u8" if not valid else f"{NAME}_{TICK}{valid}.m3u8"]


def test_only_files_with_the_sid_belong_to_the_recorder() -> None:
    mine, backup, other = (StoredFile(key, 1, NOW) for key in ("a/SID_daily.m3u8", "a/bak0_SID_daily.ts", "a/X_y.ts"))
    in_the_folder = StoredFile("SID/X_y.ts", 1, NOW)

    assert of_sid((mine, backup, other, in_the_folder), "SID") == (mine, backup)


def test_the_least_names_follow_agoras_rules() -> None:
    assert least_names("SID", "team_call #1!") == ("SID_team-call -1-.m3u8", "SID_team-call -1-_0.mp4")
