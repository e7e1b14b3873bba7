"""The texts about the files of a recording."""

from __future__ import annotations

from dataclasses import replace

import pytest

from messages.files import LINKS_ACTION, file_lines, file_size, has_links, links_block, summary, what_is_wrong
from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.recording import Recording, State
from tests.fakes.rows import a_delivery, a_recording, over, up

FOLDER = "bucket/recordings/C1"


def lines_of(delivery: Delivery | None, **facts: object) -> str:
    return "\n".join(file_lines(over(delivery=delivery, **facts), FOLDER))


def missing(*names: str, **facts: object) -> Delivery:
    return Delivery(state=DeliveryState.MISSING, missing=names, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (112, "112 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_999, "10 kB"),
        (812_345_678, "812 MB"),
        (999_999_999, "1.0 GB"),
        (1_400_000_000, "1.4 GB"),
        (123_000_000_000, "123 GB"),
    ],
)
def test_a_size_has_a_unit_and_two_or_three_digits(size: int, words: str) -> None:
    assert file_size(size) == words


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (a_delivery(812_000_000), "1 MP4 file, 1 h 05 min, 812 MB"),
        (a_delivery(10**9, 4 * 10**8), "2 MP4 files, 1 h 05 min, 1.4 GB"),
        (a_delivery(5000, seconds=42.2), "1 MP4 file, 42 s, 5.0 kB"),
        (replace(a_delivery(), media_files=()), "no MP4, HLS only, 1 h 05 min, 1.7 GB"),
        (a_delivery(5000, seconds=0.0), "1 MP4 file, 5.0 kB"),
    ],
)
def test_the_summary_has_count_duration_and_size(delivery: Delivery, words: str) -> None:
    """Without a playlist the duration is unknown and left out."""
    assert summary(delivery) == words


# by the state of the delivery


def test_ready_files_have_a_summary_and_their_folder() -> None:
    assert lines_of(a_delivery(812_000_000)).splitlines() == [
        "📁 The files are there: 1 MP4 file, 1 h 05 min, 812 MB",
        f"In `{FOLDER}`",
    ]


def test_without_an_mp4_file_the_playlist_to_open_is_named() -> None:
    words = lines_of(replace(a_delivery(), media_files=()))

    assert "no MP4, HLS only" in words
    assert f"To play it, open `SID_daily.m3u8` of `{FOLDER}`" in words


def test_a_playlist_of_a_failed_server_without_an_mp4_file_is_named() -> None:
    two = a_delivery(playlists=("folder/SID_daily.m3u8", "folder/bak0_SID_daily.m3u8"))
    died = replace(two, media_files=(MediaFile(key="folder/bak0_SID_daily_0.mp4", size=5000),))

    assert "To play it, open" not in lines_of(replace(two, media_files=(*two.media_files, *died.media_files)))
    assert "Without an MP4: `SID_daily.m3u8`" in lines_of(died)


def test_a_playlist_from_the_backup_belongs_to_the_same_mp4_file() -> None:
    assert "Without an MP4" not in lines_of(a_delivery(playlists=("folder/SID_daily_22194679897_3.m3u8",)))


@pytest.mark.parametrize("delivery", [None, Delivery()])
def test_while_the_bot_checks_for_files_it_says_so(delivery: Delivery | None) -> None:
    assert lines_of(delivery, files_awaited=True) == "I look for its files in the bucket, and tell you here."
    assert lines_of(None) == "", "where there can be none, there is nothing to say"
    assert file_lines(a_recording(), FOLDER) == []


def test_files_in_agoras_backup_are_mentioned() -> None:
    assert "keeps the rest in its backup" in lines_of(Delivery(state=DeliveryState.IN_BACKUP), files_awaited=True)


def test_a_bucket_that_the_bot_may_not_read_is_reported_with_the_files_that_agora_named() -> None:
    denied = Delivery(state=DeliveryState.UNVERIFIED, code="AccessDenied")

    assert "Not verified: I can't look into the bucket (AccessDenied)." in lines_of(denied)
    assert f"Agora was told to put the files into `{FOLDER}`." in lines_of(denied)
    assert f"Files that Agora named, in `{FOLDER}`:\n`a.m3u8`\n`a_0.mp4`" in lines_of(
        denied, files=("x/a.m3u8", "a_0.mp4")
    )
    assert "are there" not in lines_of(denied)


# what is missing


def test_an_empty_folder_and_missing_files_have_different_texts() -> None:
    assert lines_of(missing("a.m3u8", "a_0.mp4")).splitlines() == [
        "Nothing of it is in the bucket. These files should be:",
        "`a.m3u8`",
        "`a_0.mp4`",
        f"Looked for in `{FOLDER}`",
    ]
    assert lines_of(
        missing("a_1.mp4", media_files=(MediaFile(key="a_0.mp4", size=5000),), seconds=40, size=9000)
    ).splitlines() == [
        "These files are missing:",
        "`a_1.mp4`",
        f"Looked for in `{FOLDER}`; found: 1 MP4 file, 40 s, 5.0 kB",
    ]


def test_an_empty_file_is_reported_as_empty_and_not_as_found() -> None:
    tiny = missing(media_files=(MediaFile(key="a_0.mp4", size=112),), size=112, empty=("a_0.mp4",))

    assert lines_of(tiny).splitlines() == ["These files hold nothing:", "`a_0.mp4`", f"Looked for in `{FOLDER}`"]


def test_empty_and_missing_files_are_listed_apart() -> None:
    words = lines_of(missing("a_1.ts", size=112, empty=("a_0.mp4",))).splitlines()

    assert words[:4] == ["These files hold nothing:", "`a_0.mp4`", "These files are missing:", "`a_1.ts`"]


def test_a_key_that_the_storage_refuses_is_reported() -> None:
    words = lines_of(Delivery(state=DeliveryState.MISSING, code="InvalidAccessKeyId"))

    assert "The storage refuses the key or the bucket (InvalidAccessKeyId)" in words
    assert FOLDER in words


def test_a_long_list_of_names_is_cut_and_the_rest_is_counted() -> None:
    names = tuple(f"a_{number}.ts" for number in range(250))
    words = lines_of(missing(*names, size=1)).splitlines()

    assert words[1:12] == [*(f"`a_{number}.ts`" for number in range(10)), "and 240 more"]
    both = lines_of(missing(*names, size=1, empty=names))
    assert both.count("`a_") == 10, "as many in all"
    assert both.count("more") == 2


def test_names_are_escaped_cut_and_without_folders() -> None:
    lines = what_is_wrong(missing("x/<!channel>`.ts", "y" * 500, size=1), "<folder>")

    assert "`&lt;!channel&gt;'.ts`" in lines
    assert all(len(line) < 300 for line in lines)
    assert any("`&lt;folder&gt;`" in line for line in lines)


def test_a_name_that_follows_agoras_rules_is_never_cut() -> None:
    longest = f"bak0_{'0' * 32}_{'c' * 64}_20190920125142485.ts"

    assert f"`{longest}`" in what_is_wrong(missing(longest, size=1), FOLDER)


# links


def test_there_are_links_only_if_there_is_a_file_to_download() -> None:
    def linked(delivery: Delivery | None, state: State = State.ENDED) -> bool:
        return has_links(over(state=state, delivery=delivery))

    assert linked(a_delivery())
    assert linked(a_delivery(), State.FAILED)
    assert not linked(None)
    assert not linked(replace(a_delivery(), media_files=()))
    for state in set(DeliveryState) - {DeliveryState.READY, DeliveryState.MISSING}:
        assert not linked(a_delivery(state=state)), state


def test_with_missing_files_there_are_links_to_the_mp4_files_that_exist() -> None:
    half = a_delivery(state=DeliveryState.MISSING, missing=("SID_daily_20260617114200000.ts",))
    hollow = replace(half, missing=(), empty=("SID_daily_0.mp4",))

    assert has_links(over(delivery=half))
    assert not has_links(over(delivery=hollow))


def test_the_button_has_the_id_of_the_recording_and_no_link() -> None:
    row: Recording = up(delivery=a_delivery())
    (button,) = links_block(row)["elements"]

    assert (button["action_id"], button["value"]) == (LINKS_ACTION, "rec1")
    assert "url" not in button
