"""The texts about the files of a recording."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from messages.blocks import clock, time_of_day
from messages.files import (
    LINKS_ACTION,
    file_lines,
    file_size,
    has_links,
    left_out_lines,
    link_label,
    link_lines,
    links_block,
    links_button,
    location_lines,
    saving_percent,
    summary,
    what_is_wrong,
)
from recordings.model.delivery import Delivery, DeliveryState, Footage, MediaFile
from recordings.model.recording import Recording, State
from recordings.model.reported import Reported
from recordings.service.links import Link, Links
from tests.fakes.rows import NOW, a_delivery, a_lost_segment, a_recording, at, changed, over, up
from tests.fakes.slack import MESSAGE_CONFIG

FOLDER = "bucket/recordings/C1"
CONFIG = replace(MESSAGE_CONFIG, support_contact="<@U7>")
DASH = "\u2013"
FIRST = Footage(playlist="folder/FIRST_daily.m3u8", seconds=300, begun_at=at(0), ended_at=at(300))
SECOND = Footage(playlist="folder/SID_daily.m3u8", seconds=720, begun_at=at(310), ended_at=at(1030))
SPAN = f"{time_of_day(at(0))}{DASH}{time_of_day(at(300))}"


def lines_of(delivery: Delivery | None, **facts: object) -> str:
    return "\n".join(file_lines(over(delivery=delivery, **facts), CONFIG))


def missing(*names: str, **facts: object) -> Delivery:
    return Delivery(state=DeliveryState.MISSING, missing=names, **facts)  # type: ignore[arg-type]


def of_two_servers(*footage: Footage, **facts: object) -> Delivery:
    """`FIRST` made no MP4 file, unless `media_files` says otherwise."""
    shown = footage or (FIRST, SECOND)
    seconds = sum(one.seconds or 0 for one in shown)
    return a_delivery(
        **({"footage": shown, "playlists": tuple(one.playlist for one in shown), "seconds": seconds} | facts)
    )


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
        (a_delivery(812_000_000), "1 h 5 min · 1 file, 812 MB"),
        (a_delivery(10**9, 4 * 10**8), "1 h 5 min · 2 files, 1.4 GB"),
        (a_delivery(5000, seconds=42.2), "42 s · 1 file, 5.0 kB"),
        (a_delivery(5000, seconds=0.0), "1 file, 5.0 kB"),
        (of_two_servers(), "12 min · 1 file, 800 MB"),
        (replace(a_delivery(), media_files=()), "1 h 5 min · no file, streaming segments only"),
        (Delivery(), "no file"),
    ],
)
def test_the_summary_has_length_count_and_size_of_what_people_can_download(delivery: Delivery, words: str) -> None:
    """What is unknown is left out."""
    assert summary(delivery) == words


def test_an_empty_file_counts_neither_in_count_nor_in_size() -> None:
    half = a_delivery(5000, 112, state=DeliveryState.MISSING, empty=("SID_daily_1.mp4",))

    assert summary(half) == "1 file, 5.0 kB", "nothing says how long the first of two files is"


# the card


@pytest.mark.parametrize("delivery", [a_delivery(), a_delivery(5000, 6000), of_two_servers(SECOND)])
def test_where_every_part_is_in_a_file_the_card_needs_no_line(delivery: Delivery) -> None:
    assert lines_of(delivery) == ""


@pytest.mark.parametrize("delivery", [None, Delivery()])
def test_while_the_bot_checks_for_files_it_says_so(delivery: Delivery | None) -> None:
    assert lines_of(delivery, files_awaited=True) == "Checking that the files are saved…"
    assert lines_of(None) == "", "no files are expected"
    assert file_lines(a_recording(), CONFIG) == []


def test_files_in_agoras_backup_are_mentioned() -> None:
    words = lines_of(Delivery(state=DeliveryState.IN_BACKUP), files_awaited=True)

    assert words == "Some files aren't saved yet. Agora has a copy and keeps trying for a day."


def test_a_bucket_that_the_bot_may_not_read_is_reported_with_who_can_look() -> None:
    words = lines_of(Delivery(state=DeliveryState.UNVERIFIED, code="AccessDenied"))

    assert words == "I can't see the files from here, but <@U7> can."
    assert "AccessDenied" not in words


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (missing("a.m3u8", "a_0.mp4"), "no file arrived"),
        (missing(media_files=(MediaFile(key="a_0.mp4", size=112),), size=112, empty=("a_0.mp4",)), "it's empty"),
        (Delivery(state=DeliveryState.MISSING, code="InvalidAccessKeyId"), "Ask <@U7> to run `/record doctor`"),
        (a_delivery(state=DeliveryState.MISSING, missing=("SID_daily_20260617114200000.ts",)), "Some files didn't"),
        (a_delivery(state=DeliveryState.MISSING, media_files=(), missing=("SID_daily_0.mp4",)), "no file to download"),
    ],
)
def test_missing_files_are_reported_without_their_names(delivery: Delivery, words: str) -> None:
    shown = lines_of(delivery)

    assert words.replace("it's empty", "is empty") in shown
    assert "daily" not in shown
    assert "a_0" not in shown
    assert "folder" not in shown


def test_while_missing_files_can_still_come_the_card_says_so() -> None:
    assert lines_of(missing("a_0.mp4"), files_awaited=True).endswith("I'll keep checking for a day.")
    assert "keep checking" not in lines_of(missing("a_0.mp4"))


@pytest.mark.parametrize(
    ("facts", "percent"),
    [
        ({}, 80),
        ({"delivery": Delivery()}, 80),
        ({"state": State.RECORDING}, None),
        ({"reported": Reported(progress=10_000)}, None),
        ({"reported": Reported(progress=999)}, None),
        ({"uploading_status": "backuped"}, None),
        ({"delivery": Delivery(state=DeliveryState.IN_BACKUP)}, None),
        ({"delivery": Delivery(state=DeliveryState.MISSING)}, None),
        ({"reported": Reported(progress=8000, upload_warning_open=True)}, None),
        ({"reported": Reported(progress=8000, upload_error_at=at(5))}, None),
    ],
)
def test_a_percentage_never_stands_beside_a_file_that_is_not_saved(
    facts: dict[str, object], percent: int | None
) -> None:
    saving = up(state=State.UPLOADING, files_awaited=True, reported=Reported(progress=8000))

    assert saving_percent(changed(saving, **facts)) == percent


# what is in no file


def test_a_part_that_is_in_no_file_is_stated_with_its_length_and_span() -> None:
    lines = left_out_lines(over(delivery=of_two_servers()), "<@U7>")

    assert lines == [
        f"⚠️ The first 5 minutes ({SPAN}) aren't in the file. They're saved as streaming segments;"
        " <@U7> can recover them."
    ]
    assert lines_of(of_two_servers()).splitlines() == lines


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "The first second"),
        (40, "The first 40 seconds"),
        (60, "The first minute"),
        (65, "The first minute"),
        (600, "The first 10 minutes"),
        (3600, "The first hour"),
        (3660, "The first 1 hour 1 minute"),
        (7500, "The first 2 hours 5 minutes"),
        (None, "The first part"),
    ],
)
def test_the_length_of_a_part_is_said_in_words(seconds: float | None, words: str) -> None:
    first = Footage(playlist=FIRST.playlist, seconds=seconds)
    (line,) = left_out_lines(over(delivery=of_two_servers(first, SECOND)))

    verb = "aren't in the file. They're" if words.endswith("s") or "1 hour" in words else "isn't in the file. It's"
    assert line == f"⚠️ {words} {verb} saved as streaming segments."


def test_a_short_part_has_its_span_in_seconds() -> None:
    first = replace(FIRST, seconds=7, ended_at=at(7))
    (line,) = left_out_lines(over(delivery=of_two_servers(first, SECOND)))

    assert f"({clock(at(0))}{DASH}{clock(at(7))})" in line


def test_the_last_part_and_one_in_the_middle_are_called_so() -> None:
    third = Footage(playlist="folder/bak0_SID_daily.m3u8", seconds=60)
    of_three = of_two_servers(SECOND, FIRST, third)
    middle, last = left_out_lines(over(delivery=of_three))

    assert middle.startswith("⚠️ 5 minutes (")
    assert last.startswith("⚠️ The last minute isn't in the file")


def test_a_row_of_the_previous_release_says_that_a_part_is_in_no_file() -> None:
    """It has neither lengths nor spans of single playlists."""
    old = a_delivery(playlists=("folder/FIRST_daily.m3u8", "folder/SID_daily.m3u8"))

    assert summary(old) == "1 file, 800 MB", "the stored length is that of both"
    assert left_out_lines(over(delivery=old)) == [
        "⚠️ The first part isn't in the file. It's saved as streaming segments."
    ]
    assert summary(a_delivery()) == "1 h 5 min · 1 file, 800 MB"


def test_a_lost_part_without_any_file_is_stated_with_its_span() -> None:
    """Its recorder was in the call from 10 s, and last found at 90 s."""
    row = over(lost_segments=(a_lost_segment(found_at=at(90)),), delivery=of_two_servers(SECOND))

    span = f"{time_of_day(at(10))}{DASH}{time_of_day(at(90))}"
    assert left_out_lines(row) == [f"⚠️ The first minute ({span}) wasn't saved."]
    awaited = replace(row, files_awaited=True, delivery=of_two_servers(SECOND, state=DeliveryState.MISSING))
    assert left_out_lines(awaited) == [f"⚠️ The first minute ({span}) isn't saved yet."]


def test_streaming_segments_that_are_incomplete_are_not_called_saved() -> None:
    gone = of_two_servers(missing=("FIRST_daily_20260617114200000.ts",))

    (line,) = left_out_lines(over(delivery=gone), "<@U7>")
    assert "not all of the streaming segments are saved" in line
    assert "recover" not in line
    hls = of_two_servers(media_files=(), missing=("SID_daily_20260617114200000.ts",))
    assert "not all of its streaming segments are saved" in lines_of(hls)


def test_without_any_mp4_file_the_streaming_segments_are_mentioned() -> None:
    words = lines_of(replace(a_delivery(), media_files=()))

    assert words == (
        "⚠️ There's no file to download. The recording (1 h 5 min) is saved as streaming segments; <@U7> can recover it."
    )


@pytest.mark.parametrize("state", [DeliveryState.AWAITED, DeliveryState.IN_BACKUP, DeliveryState.UNVERIFIED])
def test_before_the_files_are_known_nothing_is_called_left_out(state: DeliveryState) -> None:
    assert left_out_lines(over(delivery=a_delivery(state=state))) == []


def test_a_playlist_from_the_backup_belongs_to_the_same_mp4_file() -> None:
    assert lines_of(a_delivery(playlists=("folder/SID_daily_22194679897_3.m3u8",))) == ""


# the location


def test_the_location_names_bucket_folder_files_and_playlists() -> None:
    lines = location_lines(over(delivery=of_two_servers()), FOLDER)

    assert lines == [
        "12 min · 1 file, 800 MB",
        f"In `{FOLDER}`",
        "`SID_daily_0.mp4`",
        "Streaming segments only: `FIRST_daily.m3u8`",
    ]


def test_the_location_names_missing_and_empty_files() -> None:
    lines = location_lines(over(delivery=missing("a.m3u8", "a_0.mp4")), FOLDER)
    assert lines == ["No file arrived. Expected:", "`a.m3u8`", "`a_0.mp4`", f"Looked in `{FOLDER}`"]

    half = a_delivery(5000, state=DeliveryState.MISSING, missing=("a_1.ts",), empty=("b.ts",))
    assert location_lines(over(delivery=half), FOLDER)[-4:] == [
        "Empty files:",
        "`b.ts`",
        "Missing files:",
        "`a_1.ts`",
    ]


def test_before_a_check_and_without_access_the_location_has_what_agora_named() -> None:
    denied = Delivery(state=DeliveryState.UNVERIFIED, code="AccessDenied")
    named = ["Files that Agora named:", "`a.m3u8`", "`a_0.mp4`"]

    assert location_lines(over(delivery=None), FOLDER) == [f"In `{FOLDER}`"]
    assert location_lines(over(delivery=denied, files=("x/a.m3u8", "a_0.mp4")), FOLDER) == [
        f"In `{FOLDER}`",
        "The bucket can't be read: AccessDenied",
        *named,
    ]


def test_an_empty_file_is_reported_as_empty_and_not_as_found() -> None:
    tiny = missing(media_files=(MediaFile(key="a_0.mp4", size=112),), size=112, empty=("a_0.mp4",))

    assert what_is_wrong(tiny, FOLDER) == ["Empty files:", "`a_0.mp4`", f"Looked in `{FOLDER}`"]


def test_a_key_that_the_storage_refuses_is_reported() -> None:
    words = "\n".join(what_is_wrong(Delivery(state=DeliveryState.MISSING, code="InvalidAccessKeyId"), FOLDER))

    assert "rejects the key or the bucket (InvalidAccessKeyId)" in words
    assert FOLDER in words


def test_a_long_list_of_names_is_cut_and_the_rest_is_counted() -> None:
    names = tuple(f"a_{number}.ts" for number in range(250))
    words = what_is_wrong(missing(*names, size=1), FOLDER)

    assert words[1:12] == [*(f"`a_{number}.ts`" for number in range(10)), "and 240 more"]
    both = "\n".join(what_is_wrong(missing(*names, size=1, empty=names), FOLDER))
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
    assert button["text"]["text"] == "Get the recording"
    assert button["accessibility_label"] == "Get a private link to the recording of daily"
    assert "url" not in button


def test_the_button_is_the_primary_one_only_where_a_message_has_one() -> None:
    row = up(delivery=a_delivery(), agora_channel="c" * 64)

    assert links_button(row)["style"] == "primary"
    assert "style" not in links_button(row, primary=False)
    assert len(links_button(row)["accessibility_label"]) == 75, "Slack's limit"


def test_each_link_has_its_number_length_and_size() -> None:
    link = Link("b.mp4", 12_000, "https://x", 2, timedelta(minutes=5), at(0), at(300))

    assert link_label(link, 2) == "Open part 2 · 5 min (12 kB)"
    assert link_label(link, 1) == "Open the recording · 5 min (12 kB)"
    assert link_label(Link("b.mp4", 12_000, "https://x", 2), 3) == "Open part 2 (12 kB)"


def given(delivery: Delivery) -> Links:
    return Links(over(delivery=delivery), (), NOW)


def test_the_links_say_when_each_part_was_recorded() -> None:
    files = (MediaFile(key="FIRST_daily_0.mp4", size=5000), MediaFile(key="SID_daily_0.mp4", size=6000))
    second = f"{time_of_day(at(310))}{DASH}{time_of_day(at(1030))}"

    assert link_lines(given(of_two_servers(media_files=files))) == [
        f"Part 1 · {SPAN} · 5 min",
        f"Part 2 · {second} · 12 min",
    ]
    assert link_lines(given(of_two_servers(SECOND))) == [f"{second} · 12 min"]


def test_files_of_one_long_playlist_share_its_span() -> None:
    """Nothing says when Agora began the second file."""
    files = tuple(MediaFile(key=f"SID_daily_{number}.mp4", size=5000) for number in range(2))
    delivery = of_two_servers(replace(SECOND, seconds=14_400, ended_at=at(14_710)), media_files=files)

    span = f"{time_of_day(at(310))}{DASH}{time_of_day(at(14_710))}"
    assert link_lines(given(delivery)) == [f"Parts 1{DASH}2 · {span} · 4 h"]


def test_the_links_say_what_is_in_none_of_the_files() -> None:
    assert "The first 5 minutes" in link_lines(given(of_two_servers()))[-1]
    assert link_lines(given(a_delivery())) == [], "a row of the previous release has no spans"
