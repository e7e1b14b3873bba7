"""The files of a recording in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from messages.files import LINKS_ACTION, amount, file_lines, has_links, links_block, summary, what_is_wrong
from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.recording import Recording, State
from tests.fakes.rows import a_delivery, a_recording, over, up

FOLDER = "bucket/recordings/C1"


def said(delivery: Delivery | None, **facts: object) -> str:
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
def test_a_size_is_read_in_words(size: int, words: str) -> None:
    assert amount(size) == words


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
def test_what_is_there_is_told_with_parts_duration_and_the_size_of_the_parts(delivery: Delivery, words: str) -> None:
    """Where nobody knows how long it is, since its playlist is missing, nothing is said of that."""
    assert summary(delivery) == words


# by how they stand


def test_ready_files_are_told_with_their_place() -> None:
    assert said(a_delivery(812_000_000)).splitlines() == [
        "📁 The files are there: 1 MP4 file, 1 h 05 min, 812 MB",
        f"In `{FOLDER}`",
    ]


def test_without_an_mp4_the_playlist_to_open_is_named() -> None:
    words = said(replace(a_delivery(), media_files=()))

    assert "no MP4, HLS only" in words
    assert f"To play it, open `SID_daily.m3u8` of `{FOLDER}`" in words


def test_what_a_server_that_failed_left_without_an_mp4_is_named_too() -> None:
    two = a_delivery(playlists=("folder/SID_daily.m3u8", "folder/bak0_SID_daily.m3u8"))
    died = replace(two, media_files=(MediaFile(key="folder/bak0_SID_daily_0.mp4", size=5000),))

    assert "To play it, open" not in said(replace(two, media_files=(*two.media_files, *died.media_files)))
    assert "Without an MP4: `SID_daily.m3u8`" in said(died)


def test_a_playlist_from_the_backup_belongs_to_the_same_mp4() -> None:
    assert "Without an MP4" not in said(a_delivery(playlists=("folder/SID_daily_22194679897_3.m3u8",)))


@pytest.mark.parametrize("delivery", [None, Delivery()])
def test_while_they_are_looked_for_it_says_that_it_tells(delivery: Delivery | None) -> None:
    assert said(delivery, files_awaited=True) == "I look for its files in the bucket, and tell you here."
    assert said(None) == "", "where there can be none, there is nothing to say"
    assert file_lines(a_recording(), FOLDER) == []


def test_the_backup_is_told() -> None:
    assert "keeps the rest in its backup" in said(Delivery(state=DeliveryState.IN_BACKUP), files_awaited=True)


def test_where_the_bot_may_not_look_it_says_so_with_the_storages_word_and_what_agora_named() -> None:
    denied = Delivery(state=DeliveryState.UNVERIFIED, code="AccessDenied")

    assert "Not verified: I can't look into the bucket (AccessDenied)." in said(denied)
    assert f"Agora was told to put the files into `{FOLDER}`." in said(denied)
    assert f"Files that Agora named, in `{FOLDER}`:\n`a.m3u8`\n`a_0.mp4`" in said(denied, files=("x/a.m3u8", "a_0.mp4"))
    assert "are there" not in said(denied)


# what is missing


def test_nothing_at_all_is_told_from_something_missing() -> None:
    assert said(missing("a.m3u8", "a_0.mp4")).splitlines() == [
        "Nothing of it is in the bucket. These files should be:",
        "`a.m3u8`",
        "`a_0.mp4`",
        f"Looked for in `{FOLDER}`",
    ]
    assert said(
        missing("a_1.mp4", media_files=(MediaFile(key="a_0.mp4", size=5000),), seconds=40, size=9000)
    ).splitlines() == [
        "These files are missing:",
        "`a_1.mp4`",
        f"Looked for in `{FOLDER}`; found: 1 MP4 file, 40 s, 5.0 kB",
    ]


def test_an_empty_file_is_told_as_such_and_nothing_is_said_to_be_found() -> None:
    tiny = missing(media_files=(MediaFile(key="a_0.mp4", size=112),), size=112, empty=("a_0.mp4",))

    assert said(tiny).splitlines() == ["These files hold nothing:", "`a_0.mp4`", f"Looked for in `{FOLDER}`"]


def test_empty_and_missing_files_are_told_apart() -> None:
    words = said(missing("a_1.ts", size=112, empty=("a_0.mp4",))).splitlines()

    assert words[:4] == ["These files hold nothing:", "`a_0.mp4`", "These files are missing:", "`a_1.ts`"]


def test_a_key_that_the_storage_refuses_is_told_as_that() -> None:
    words = said(Delivery(state=DeliveryState.MISSING, code="InvalidAccessKeyId"))

    assert "The storage refuses the key or the bucket (InvalidAccessKeyId)" in words
    assert FOLDER in words


def test_of_many_names_a_few_are_shown_and_the_rest_is_counted() -> None:
    names = tuple(f"a_{number}.ts" for number in range(250))
    words = said(missing(*names, size=1)).splitlines()

    assert words[1:12] == [*(f"`a_{number}.ts`" for number in range(10)), "and 240 more"]
    both = said(missing(*names, size=1, empty=names))
    assert both.count("`a_") == 10, "as many in all"
    assert both.count("more") == 2


def test_names_are_escaped_and_cut_and_stand_without_folders() -> None:
    lines = what_is_wrong(missing("x/<!channel>`.ts", "y" * 500, size=1), "<folder>")

    assert "`&lt;!channel&gt;'.ts`" in lines
    assert all(len(line) < 300 for line in lines)
    assert any("`&lt;folder&gt;`" in line for line in lines)


def test_a_name_by_agoras_rules_is_never_cut() -> None:
    longest = f"bak0_{'0' * 32}_{'c' * 64}_20190920125142485.ts"

    assert f"`{longest}`" in what_is_wrong(missing(longest, size=1), FOLDER)


# links


def test_there_is_a_button_where_a_link_can_give_something() -> None:
    def linked(delivery: Delivery | None, state: State = State.ENDED) -> bool:
        return has_links(over(state=state, delivery=delivery))

    assert linked(a_delivery())
    assert linked(a_delivery(), State.FAILED)
    assert not linked(None)
    assert not linked(replace(a_delivery(), media_files=()))
    for state in set(DeliveryState) - {DeliveryState.READY, DeliveryState.MISSING}:
        assert not linked(a_delivery(state=state)), state


def test_where_something_is_missing_a_link_gives_the_mp4_files_that_are_there() -> None:
    half = a_delivery(state=DeliveryState.MISSING, missing=("SID_daily_20260617114200000.ts",))
    hollow = replace(half, missing=(), empty=("SID_daily_0.mp4",))

    assert has_links(over(delivery=half))
    assert not has_links(over(delivery=hollow))


def test_the_button_holds_the_recording_and_no_link() -> None:
    row: Recording = up(delivery=a_delivery())
    (button,) = links_block(row)["elements"]

    assert (button["action_id"], button["value"]) == (LINKS_ACTION, "rec1")
    assert "url" not in button
