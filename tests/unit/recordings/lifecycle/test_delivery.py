"""From a recorder that is gone until its files are there: nothing is told as success that was not seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong
from recordings.lifecycle.actions import Change, CheckFiles
from recordings.lifecycle.policy import Policy
from recordings.model.delivery import DeliveryState
from recordings.model.inventory import NOTHING_TO_UPLOAD, BucketListing
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import RecorderStatus
from tests.fakes.bucket_contents import NAME, Objects, left_by, playlist, segments_of, sighted, without
from tests.fakes.rows import a_lost_segment, at, changed, over, running, turn_at, up
from tests.fakes.steps import EMPTY, NOT_FOUND, decided, step

HOUR, DAY = 3600.0, 86_400.0
END = 100.0
"""When the recording ended; the seconds below count from then."""

STOPPED = up(
    state=State.UPLOADING,
    stop_reason=Reason.STOPPED,
    stop_at=at(90),
    stop_by="U2",
    stop_accepted_at=at(END),
    ended_at=at(END),
    files_awaited=True,
    next_step_at=at(END),
)
IDLE = over(reason=Reason.IDLE, stop_at=None, stop_by=None, files_awaited=True)
LOST = over(state=State.FAILED, reason=Reason.LOST, detail="404", files_awaited=True)
CRASHED = replace(LOST, reason=Reason.CRASHED)
BACKUPED = replace(STOPPED, uploading_status="backuped")

WHOLE = left_by()
GROWING = left_by(ended=False)
NO_MP4 = left_by(media_files=0)
FIRST, SECOND = segments_of(NAME, 2)
DENIED, WRONG, AWAY = BucketDenied("AccessDenied"), BucketWrong("InvalidAccessKeyId"), BucketUnreachable("NoAnswer")
READ_KEY = Policy(bucket_is_agoras=False)

CallResult = BucketListing | BucketError
WARNED = ("recording_warning", Reason.NOT_DELIVERED)
BACKUP = ("recording_warning", Reason.IN_BACKUP)
CAME_AFTER_ALL = ("recording_recovered", Reason.NOT_DELIVERED)
CAME_FROM_BACKUP = ("recording_recovered", Reason.IN_BACKUP)
FILES = ("recording_files", None)


def look(
    row: Recording, seconds: float, found: Objects | BucketError | BucketListing, policy: Policy | None = None
) -> Change:
    """A look, so many seconds after the end."""
    turn = turn_at(END + seconds, policy)
    assert decided(row, None, turn) == CheckFiles()
    return step(row, None, turn, sighted(found) if isinstance(found, dict) else found)


def told(change: Change) -> list[tuple[str, Reason | None]]:
    return [(str(alert.kind), alert.reason) for alert in change.alerts]


def story(
    row: Recording, checks: Iterable[tuple[float, Objects | BucketError]], policy: Policy | None = None
) -> tuple[Recording, list[tuple[float, str, Reason | None]]]:
    """What the recording comes to after these looks, and what was told at which of them."""
    heard = []
    for seconds, found in checks:
        change = look(row, seconds, found, policy)
        row = change.recording
        heard += [(seconds, *each) for each in told(change)]
    return row, heard


def delivered(row: Recording) -> DeliveryState | None:
    return None if row.delivery is None else row.delivery.state


def wait(row: Recording, seconds: float) -> float:
    """Until the next look."""
    return (row.next_step_at - at(END + seconds)).total_seconds()


def all_there(row: Recording) -> bool:
    """Stopped, over, and nothing else of it has changed."""
    ended: dict[str, Any] = {
        "state": State.ENDED,
        "reason": Reason.STOPPED,
        "files_awaited": False,
        "next_step_at": row.next_step_at,
    }
    return replace(row, delivery=None) == replace(STOPPED, uploading_status=row.uploading_status, **ended)


# all there


def test_with_every_file_there_it_has_ended_and_the_files_are_told() -> None:
    after = look(STOPPED, 0, WHOLE)

    assert all_there(after.recording)
    assert after.recording.ended_at == at(END), "and not when the files came"
    assert after.recording.is_complete
    assert told(after) == [FILES]
    assert [alert.recording for alert in after.alerts] == [after.recording]
    found = after.recording.delivery
    assert found is not None
    assert (found.state, [part.key for part in found.media_files]) == (DeliveryState.READY, [f"folder/{NAME}_0.mp4"])
    assert found.seconds == pytest.approx(30)
    assert (found.missing, found.empty, found.code) == ((), (), "")


def test_an_upload_that_takes_ten_minutes_is_waited_for_without_a_word() -> None:
    partly = without(WHOLE, SECOND, f"{NAME}_0.mp4")
    row, heard = story(STOPPED, [(0, {}), (5, partly), (30, partly), (300, NO_MP4)])
    assert (row.state, delivered(row), heard) == (State.UPLOADING, DeliveryState.AWAITED, [])
    assert row.files_awaited

    row, heard = story(row, [(600, WHOLE)])

    assert all_there(row)
    assert heard == [(600, *FILES)]


def test_it_is_looked_for_soon_then_slower_and_at_the_time_when_it_would_be_told_as_missing() -> None:
    row, seconds, is_pending = STOPPED, 0.0, []
    while seconds < 900:
        row = look(row, seconds, {}).recording
        is_pending.append(wait(row, seconds))
        seconds += is_pending[-1]

    assert is_pending[:4] == [6.25, 7.5, 8.75, 10.0]
    assert sorted(is_pending[:-1]) == is_pending[:-1]
    assert max(is_pending) <= 60
    assert sum(is_pending) == 900


def test_a_playlist_without_its_end_needs_two_equal_looks_in_a_row() -> None:
    row, heard = story(STOPPED, [(0, GROWING)])
    assert (row.state, heard) == (State.UPLOADING, [])

    longer = left_by(segments=3, ended=False)
    row, heard = story(row, [(6, longer)])
    assert (row.state, heard) == (State.UPLOADING, []), "something came meanwhile"

    row, heard = story(row, [(12, AWAY), (20, longer)])
    assert (row.state, heard) == (State.ENDED, [(20, *FILES)]), "a look that was not answered is none"


@pytest.mark.parametrize("seconds", [0, 899, 900, 5000])
def test_what_is_there_at_the_first_look_is_never_told_as_missing_however_late_that_look_is(seconds: float) -> None:
    """The bot may have been away: a playlist without its end is looked at once more."""
    row, heard = story(STOPPED, [(seconds, GROWING)])
    assert (row.state, heard) == (State.UPLOADING, [])
    assert 0 < wait(row, seconds) <= 10

    assert story(row, [(seconds + 6, GROWING)])[1] == [(seconds + 6, *FILES)]


def test_what_comes_in_at_the_very_moment_of_the_time_out_is_not_told_as_missing() -> None:
    row, heard = story(STOPPED, [(840, {}), (900, GROWING), (910, GROWING)])

    assert heard == [(910, *FILES)]
    assert all_there(row)


# several files


def test_the_three_mp4_files_of_a_long_call_are_one_recording() -> None:
    row, heard = story(
        STOPPED, [(0, left_by(length=8 * HOUR, media_files=2)), (30, left_by(length=8 * HOUR, media_files=3))]
    )

    assert heard == [(30, *FILES)]
    assert row.delivery is not None
    assert [part.key[-5:] for part in row.delivery.media_files] == ["0.mp4", "1.mp4", "2.mp4"]
    assert row.delivery.seconds == pytest.approx(8 * HOUR)


def test_the_files_of_two_servers_are_one_recording() -> None:
    both = left_by(ended=False) | left_by(f"bak0_{NAME}")
    early = without(both, f"bak0_{NAME}_0.mp4")
    row, heard = story(STOPPED, [(0, early), (5, early), (20, both)])

    assert heard == [(20, *FILES)]
    assert row.delivery is not None
    assert [part.key for part in row.delivery.media_files] == [f"folder/{NAME}_0.mp4", f"folder/bak0_{NAME}_0.mp4"]


def test_a_server_that_failed_may_have_made_no_mp4_and_what_there_is_will_do_in_the_end() -> None:
    found = left_by(media_files=0, ended=False) | left_by(f"bak0_{NAME}")
    row, heard = story(STOPPED, [(0, found), (60, found), (899, found), (900, found)])

    assert heard == [(900, *FILES)]
    assert row.delivery is not None
    assert len(row.delivery.playlists) == 2


def test_the_last_part_is_not_taken_for_there_while_the_newest_one_is_from_long_before_the_end() -> None:
    """Of 3 h 05 min the first MP4 file was made on the way; whether there is a second one is nobody's to say yet."""
    objects = left_by(length=3 * HOUR + 300, media_files=1)
    when = dict.fromkeys(objects, at(END)) | {f"{NAME}_0.mp4": at(END - 300)}
    early = sighted(objects, at=when)
    after = look(STOPPED, 5, early)
    assert (after.recording.state, after.alerts) == (State.UPLOADING, ())

    row = after.recording
    both = left_by(length=3 * HOUR + 300, media_files=2)
    assert told(look(row, 60, sighted(both, at=when | {f"{NAME}_1.mp4": at(END + 50)}))) == [FILES]
    assert told(look(row, 900, early)) == [FILES], "there was no second one"


def test_a_segment_that_comes_late_does_not_make_the_mp4_an_old_one() -> None:
    when = dict.fromkeys(WHOLE, at(END + 20)) | {SECOND: at(END + 500)}

    assert told(look(STOPPED, 501, sighted(WHOLE, at=when))) == [FILES]


# not there in time

NOT_THERE: dict[str, tuple[Recording, Objects, tuple[str, ...], tuple[str, ...]]] = {
    "nothing": (STOPPED, {}, (f"{NAME}.m3u8", f"{NAME}_0.mp4"), ()),
    "nothing of what was named": (
        replace(STOPPED, files=(f"folder/{NAME}.m3u8", "x.mp4")),
        {},
        (f"{NAME}.m3u8", "x.mp4"),
        (),
    ),
    "one segment is missing": (STOPPED, without(WHOLE, SECOND), (SECOND,), ()),
    "only the playlist": (
        STOPPED,
        {f"{NAME}.m3u8": WHOLE[f"{NAME}.m3u8"]},
        (f"{NAME}_0.mp4", FIRST, SECOND),
        (),
    ),
    "the MP4 alone": (STOPPED, {f"{NAME}_0.mp4": 5000}, (f"{NAME}.m3u8",), ()),
    "a named MP4 is missing": (replace(STOPPED, files=(f"{NAME}_0.mp4",)), NO_MP4, (f"{NAME}_0.mp4",), ()),
    "a named MP4 of one that died": (replace(LOST, files=(f"{NAME}_0.mp4",)), NO_MP4, (f"{NAME}_0.mp4",), ()),
    "an MP4 of 0 bytes": (STOPPED, WHOLE | {f"{NAME}_0.mp4": 0}, (), (f"{NAME}_0.mp4",)),
    "an MP4 of 112 bytes": (STOPPED, WHOLE | {f"{NAME}_0.mp4": 112}, (), (f"{NAME}_0.mp4",)),
    "an MP4 of 112 bytes of one that died": (LOST, WHOLE | {f"{NAME}_0.mp4": 112}, (), (f"{NAME}_0.mp4",)),
    "a segment of 0 bytes": (STOPPED, WHOLE | {FIRST: 0}, (), (FIRST,)),
    "a playlist that is none": (STOPPED, WHOLE | {f"{NAME}.m3u8": "x"}, (), (f"{NAME}.m3u8",)),
    "a playlist of no segments": (STOPPED, WHOLE | {f"{NAME}.m3u8": playlist()}, (), (f"{NAME}.m3u8",)),
    "a gap in the numbers": (STOPPED, without(left_by(media_files=3), f"{NAME}_1.mp4"), (f"{NAME}_1.mp4",), ()),
    "five hours and one MP4": (STOPPED, left_by(length=5 * HOUR), (f"{NAME}_1.mp4",), ()),
    "the second server's MP4": (
        STOPPED,
        without(left_by() | left_by(f"bak0_{NAME}"), f"bak0_{NAME}_0.mp4"),
        (f"bak0_{NAME}_0.mp4",),
        (),
    ),
    "the second server's playlist": (
        STOPPED,
        without(left_by() | left_by(f"bak0_{NAME}"), f"bak0_{NAME}.m3u8"),
        (f"bak0_{NAME}.m3u8",),
        (),
    ),
    "a segment of the first server": (
        STOPPED,
        without(left_by() | left_by(f"bak0_{NAME}"), FIRST),
        (FIRST,),
        (),
    ),
}


@pytest.mark.parametrize("name", NOT_THERE)
def test_what_is_not_there_in_time_is_one_warning_that_names_it(name: str) -> None:
    before, found, missing, empty = NOT_THERE[name]
    row, heard = story(before, [(0, found), (30, found), (899, found)])
    assert (row.state, delivered(row), heard) == (before.state, DeliveryState.AWAITED, [])

    change = look(row, 900, found)
    assert told(change) == [WARNED]
    row = change.recording
    assert row.state is (State.FAILED if before.state is State.FAILED else State.ENDED)
    assert row.reason is (before.reason or Reason.STOPPED)
    assert row.delivery is not None
    assert (row.delivery.state, row.delivery.missing, row.delivery.empty) == (DeliveryState.MISSING, missing, empty)
    assert row.files_awaited, "it may come after all"
    assert wait(row, 900) == 300
    assert [alert.recording for alert in change.alerts] == [row]

    assert story(row, [(1200, found), (5000, found), (80_000, found)])[1] == [], "told once"


@pytest.mark.parametrize("name", NOT_THERE)
def test_what_comes_after_all_is_told_with_the_files(name: str) -> None:
    before, found, *_ = NOT_THERE[name]
    whole = left_by(length=5 * HOUR, media_files=3) | left_by(f"bak0_{NAME}")
    if before.files:
        whole |= dict.fromkeys(["x.mp4"], 5000)
    row, heard = story(
        before,
        [
            (900, found),
            (1200, whole),
        ],
    )

    assert heard == [(900, *WARNED), (1200, *CAME_AFTER_ALL), (1200, *FILES)]
    assert (row.is_complete, delivered(row)) == (True, DeliveryState.READY)
    assert row.delivery is not None
    assert (row.delivery.missing, row.delivery.empty) == ((), ())


def test_files_that_were_told_as_missing_and_come_bit_by_bit_are_told_when_they_are_all_there() -> None:
    row, heard = story(STOPPED, [(900, {}), (1200, GROWING)])
    assert (row.state, delivered(row), row.files_awaited) == (State.ENDED, DeliveryState.MISSING, True)
    assert row.delivery is not None
    assert row.delivery.missing == (f"{NAME}.m3u8", f"{NAME}_0.mp4"), "the card says so until they are"
    assert wait(row, 1200) < 60

    assert story(row, [(1210, GROWING)])[1] == [(1210, *CAME_AFTER_ALL), (1210, *FILES)]
    assert heard == [(900, *WARNED)]


def test_after_a_day_nobody_looks_any_more() -> None:
    row, _ = story(STOPPED, [(900, {}), (DAY - 10, {})])
    assert wait(row, DAY - 10) == 10, "once more at the end of the day"

    row, heard = story(row, [(DAY, {})])

    assert (row.is_complete, delivered(row), heard) == (True, DeliveryState.MISSING, [])


@pytest.mark.parametrize("interval", [0.5, 30, 900])
def test_whatever_the_interval_it_is_over_within_a_day(interval: float) -> None:
    policy = Policy(query_interval=interval)
    row, _ = story(STOPPED, [(900, {}), (DAY - 60, {})], policy)

    assert wait(row, DAY - 60) <= 60


# HLS alone


def test_where_agora_says_that_all_is_uploaded_and_named_no_mp4_none_is_waited_for() -> None:
    uploaded = replace(STOPPED, uploading_status="uploaded", files=(f"{NAME}.m3u8",))
    assert told(look(uploaded, 5, NO_MP4)) == [FILES]

    with_one = replace(uploaded, files=(f"{NAME}.m3u8", f"{NAME}_0.mp4"))
    assert told(look(with_one, 5, NO_MP4)) == []
    assert told(look(replace(STOPPED, uploading_status="uploaded"), 5, NO_MP4)) == [], "it named nothing"


@pytest.mark.parametrize("before", [STOPPED, IDLE, LOST, CRASHED])
def test_without_an_mp4_that_anybody_named_the_playlist_alone_will_do_in_the_end(before: Recording) -> None:
    row, heard = story(before, [(0, NO_MP4), (899, NO_MP4)])
    assert (row.state, heard) == (before.state, []), "the MP4 is waited for"

    row, heard = story(row, [(900, NO_MP4)])

    assert heard == [(900, *FILES)]
    assert row.delivery is not None
    assert (row.delivery.state, row.delivery.media_files) == (DeliveryState.READY, ())
    assert row.delivery.playlists == (f"folder/{NAME}.m3u8",)


def test_a_playlist_that_still_grows_at_the_time_out_is_not_told_as_the_whole_recording() -> None:
    growing = [(880.0 + 10 * n, left_by(media_files=0, segments=n, ended=False)) for n in range(2, 9)]
    row, heard = story(STOPPED, growing)
    assert (row.state, heard) == (State.UPLOADING, [])

    last = growing[-1][1]
    assert story(row, [(1000, last)])[1] == [(1000, *FILES)]


@pytest.mark.parametrize("before", [LOST, CRASHED])
def test_of_one_that_died_fewer_mp4_files_than_its_length_asks_for_will_do_in_the_end(before: Recording) -> None:
    found = left_by(length=5 * HOUR, ended=False)
    row, heard = story(before, [(0, found), (60, found), (900, found)])

    assert heard == [(900, *FILES)]
    assert row.delivery is not None
    assert len(row.delivery.media_files) == 1


# ended by itself, or failed

NOT_FOUND_BEFORE = up(state=State.INTERRUPTED, not_found=9, found_empty=1, not_found_since=at(-200))
HOW_IT_ENDED: dict[str, tuple[Recording, dict[str, Any], State, Reason]] = {
    "idle": (NOT_FOUND_BEFORE, {"answer": NOT_FOUND, "users": EMPTY}, State.ENDED, Reason.IDLE),
    "stopped elsewhere": (up(), {"answer": RecorderStatus(7)}, State.ENDED, Reason.STOPPED_ELSEWHERE),
    "lost": (NOT_FOUND_BEFORE, {"answer": NOT_FOUND}, State.FAILED, Reason.LOST),
    "crashed": (up(), {"answer": RecorderStatus(20)}, State.FAILED, Reason.CRASHED),
}


@pytest.mark.parametrize("name", HOW_IT_ENDED)
def test_however_it_ended_its_files_are_looked_for_and_the_state_stays(name: str) -> None:
    before, answer, state, reason = HOW_IT_ENDED[name]
    row = step(before, running(), turn_at(END, Policy(max_resumes=0)), **answer).recording
    assert (row.state, row.reason, row.files_awaited, row.is_complete) == (state, reason, True, False)
    assert row.next_step_at == at(END)

    row, heard = story(row, [(0, {}), (60, WHOLE)])

    assert (row.state, row.reason, row.ended_at) == (state, reason, at(END))
    assert (row.is_complete, heard) == (True, [(60, *FILES)])


def test_one_that_was_told_as_over_at_the_time_limit_is_not_told_so_again_with_its_files() -> None:
    limited = changed(STOPPED, files_awaited=False, stop_reason=Reason.TIME_LIMIT, stop_at=None, stop_by=None)
    gone = step(limited, running(), turn_at(END), NOT_FOUND)
    assert told(gone) == [("recording_ended", Reason.TIME_LIMIT)]

    row, heard = story(gone.recording, [(0, {}), (10, WHOLE)])

    assert (row.state, row.reason, heard) == (State.ENDED, Reason.TIME_LIMIT, [(10, *FILES)])


@pytest.mark.parametrize("answer", [{}, DENIED, WRONG], ids=["missing", "denied", "wrong"])
def test_nor_where_its_files_are_missing_or_nobody_can_look(answer: Objects | BucketError) -> None:
    limited = changed(STOPPED, stop_reason=Reason.TIME_LIMIT, stop_at=None, stop_by=None)
    row, heard = story(limited, [(900, answer)])

    assert (row.state, row.reason) == (State.ENDED, Reason.TIME_LIMIT)
    assert [each for each in heard if each[1] == "recording_ended"] == []


def test_a_wish_to_stop_that_comes_while_its_files_are_looked_for_changes_nothing() -> None:
    wished = changed(IDLE, stop_at=at(END + 1), stop_by="U3")

    assert told(look(wished, 2, WHOLE)) == [FILES]
    assert look(wished, 2, WHOLE).recording.reason is Reason.IDLE


# in Agora's backup


def test_what_agora_keeps_in_its_backup_is_told_once_and_waited_for() -> None:
    partly = without(WHOLE, SECOND)
    row, heard = story(BACKUPED, [(0, partly), (60, partly), (900, partly), (5000, partly), (DAY - 1, partly)])

    assert heard == [(0, *BACKUP)]
    assert (row.state, delivered(row), row.files_awaited) == (State.UPLOADING, DeliveryState.IN_BACKUP, True)

    row, heard = story(row, [(DAY - 0.5, WHOLE)])
    assert heard == [(DAY - 0.5, *CAME_FROM_BACKUP), (DAY - 0.5, *FILES)]
    assert all_there(row)


def test_what_agora_keeps_in_its_backup_is_looked_for_at_least_every_minute() -> None:
    row, seconds = BACKUPED, 0.0
    while seconds < 2000:
        row = look(row, seconds, {}).recording
        assert 0 < wait(row, seconds) <= 60
        seconds += wait(row, seconds)


def test_what_does_not_come_from_the_backup_within_a_day_is_not_delivered() -> None:
    partly = without(WHOLE, SECOND)
    row, heard = story(BACKUPED, [(0, partly), (DAY, partly)])

    assert heard == [(0, *BACKUP), (DAY, *WARNED)]
    assert (row.state, delivered(row), row.is_complete) == (State.ENDED, DeliveryState.MISSING, True)


def test_with_all_files_there_a_backup_is_not_worth_a_word() -> None:
    assert story(BACKUPED, [(0, WHOLE)])[1] == [(0, *FILES)]


def test_while_agora_still_has_something_in_its_backup_the_playlist_alone_will_not_do() -> None:
    row, heard = story(BACKUPED, [(0, NO_MP4), (900, NO_MP4), (5000, NO_MP4)])
    assert (row.state, heard) == (State.UPLOADING, [(0, *BACKUP)])

    assert story(row, [(DAY, NO_MP4)])[1] == [(DAY, *CAME_FROM_BACKUP), (DAY, *FILES)]


def test_a_playlist_that_came_by_way_of_the_backup_stands_for_the_one_that_was_named() -> None:
    named = replace(BACKUPED, files=(f"folder/{NAME}.m3u8", f"folder/{NAME}_0.mp4"))
    came = without(WHOLE, f"{NAME}.m3u8") | {f"{NAME}_22194679897_0.m3u8": WHOLE[f"{NAME}.m3u8"]}
    row, heard = story(named, [(0, without(WHOLE, f"{NAME}.m3u8")), (4000, came)])

    assert [each[1:] for each in heard] == [BACKUP, CAME_FROM_BACKUP, FILES]
    assert row.delivery is not None
    assert row.delivery.playlists == (f"folder/{NAME}_22194679897_0.m3u8",)


# a bucket that can't be looked into


@pytest.mark.parametrize(
    ("error", "policy"),
    [
        (DENIED, Policy()),
        (DENIED, READ_KEY),
        (WRONG, READ_KEY),
        (BucketError("TooLarge"), Policy()),
        (BucketWrong("RequestTimeTooSkewed"), Policy()),
        (BucketWrong("NotAStorage"), Policy()),
    ],
    ids=["denied", "denied to the read key", "wrong read key", "any other", "our own clock", "a proxy's page"],
)
@pytest.mark.parametrize("before", [STOPPED, IDLE, LOST])
def test_where_the_bot_may_not_look_it_is_over_and_not_verified(
    before: Recording, error: BucketError, policy: Policy
) -> None:
    row, heard = story(before, [(0, error)], policy)

    assert row.state is (State.FAILED if before is LOST else State.ENDED)
    assert (row.is_complete, heard) == (True, [])
    assert row.delivery is not None
    assert (row.delivery.state, row.delivery.code) == (DeliveryState.UNVERIFIED, error.code)


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_key_that_the_storage_does_not_take_and_agora_has_to_use_too_is_told_at_once(seconds: float) -> None:
    row, heard = story(STOPPED, [(0, WRONG)] if not seconds else [(0, {}), (seconds, WRONG)])

    assert heard == [(seconds, *WARNED)]
    assert (row.state, row.is_complete) == (State.ENDED, True), "nothing will come"
    assert row.delivery is not None
    assert (row.delivery.state, row.delivery.code) == (DeliveryState.MISSING, "InvalidAccessKeyId")


def test_a_bucket_that_never_answered_is_not_waited_for() -> None:
    row, seconds = STOPPED, 0.0
    while not row.is_complete:
        change = look(row, seconds, AWAY)
        assert change.alerts == ()
        row = change.recording
        seconds += wait(row, seconds)

    assert (row.state, delivered(row)) == (State.ENDED, DeliveryState.UNVERIFIED)
    assert seconds < 30


def test_one_that_answered_before_is_waited_for_as_long_as_the_files_are() -> None:
    row, heard = story(STOPPED, [(0, {}), *((10.0 + 30 * n, AWAY) for n in range(20))])
    assert (row.state, delivered(row), heard) == (State.UPLOADING, DeliveryState.AWAITED, [])
    assert 0 < wait(row, 580) <= 30

    assert story(row, [(700, WHOLE)])[1] == [(700, *FILES)]
    gone, heard = story(row, [(900, AWAY)])
    assert (gone.state, delivered(gone), gone.is_complete, heard) == (State.ENDED, DeliveryState.UNVERIFIED, True, [])


def test_a_storage_that_is_away_is_asked_again_after_the_waits_then_at_the_interval() -> None:
    row, is_pending = look(STOPPED, 0, {}).recording, []
    for _ in range(5):
        row = look(row, 10, AWAY).recording
        is_pending.append(wait(row, 10))

    assert is_pending == [1, 3, 6, 30, 30]


def test_one_that_is_away_while_files_are_missing_is_asked_again_for_a_day_and_what_was_told_stays() -> None:
    row, _ = story(STOPPED, [(900, {}), (1200, AWAY), (50_000, AWAY)])
    assert (delivered(row), row.files_awaited) == (DeliveryState.MISSING, True)

    assert story(row, [(60_000, WHOLE)])[1] == [(60_000, *CAME_AFTER_ALL), (60_000, *FILES)]
    row, heard = story(row, [(DAY, AWAY)])
    assert (row.is_complete, heard) == (True, [])
    assert row.delivery is not None
    assert row.delivery.state is DeliveryState.MISSING
    assert row.delivery.missing == (f"{NAME}.m3u8", f"{NAME}_0.mp4")
    assert row.delivery.code == "", "the storage did not refuse anything that Agora uses"


@pytest.mark.parametrize("error", [DENIED, BucketError("TooLarge")])
def test_what_was_told_as_missing_stays_missing_where_nobody_may_look_any_more(error: BucketError) -> None:
    row, heard = story(STOPPED, [(900, without(WHOLE, SECOND)), (1200, error)])

    assert heard == [(900, *WARNED)]
    assert row.is_complete
    assert row.delivery is not None
    assert (row.delivery.state, row.delivery.missing, row.delivery.code) == (DeliveryState.MISSING, (SECOND,), "")


def test_one_that_is_away_while_files_are_in_the_backup_is_asked_again_for_a_day() -> None:
    row, heard = story(BACKUPED, [(0, {}), (1000, AWAY), (50_000, AWAY)])
    assert (row.state, delivered(row), heard) == (State.UPLOADING, DeliveryState.IN_BACKUP, [(0, *BACKUP)])

    assert story(row, [(60_000, WHOLE)])[1] == [(60_000, *CAME_FROM_BACKUP), (60_000, *FILES)]
    row, heard = story(row, [(DAY, AWAY)])
    assert (row.state, delivered(row), row.is_complete, heard) == (State.ENDED, DeliveryState.UNVERIFIED, True, [])


def test_a_storage_that_answers_again_starts_the_count_of_silence_anew() -> None:
    row, _ = story(STOPPED, [(0, AWAY), (1, AWAY), (4, AWAY), (10, {})])

    assert row.delivery is not None
    assert row.delivery.failures == 0
    assert story(row, [(20, AWAY), (21, AWAY), (24, AWAY), (30, AWAY), (60, AWAY)])[0].state is State.UPLOADING


# what the card shows


def test_a_look_that_finds_nothing_new_for_people_does_not_change_the_card() -> None:
    row = STOPPED
    for seconds, found in ((0, {}), (6, without(WHOLE, SECOND)), (20, AWAY), (60, NO_MP4)):
        after = look(row, seconds, found).recording
        assert after.card_content == STOPPED.card_content
        row = after
    assert look(row, 100, WHOLE).recording.card_content != row.card_content


@pytest.mark.parametrize(
    ("before", "then"),
    [(STOPPED, [(900.0, {}), (1200.0, {}), (1500.0, AWAY)]), (BACKUPED, [(0.0, {}), (60.0, NO_MP4)])],
)
def test_nor_does_one_after_people_were_told(before: Recording, then: list[tuple[float, Any]]) -> None:
    row = look(before, *then[0]).recording
    assert row.card_content != before.card_content

    for seconds, found in then[1:]:
        after = look(row, seconds, found).recording
        assert after.card_content == row.card_content
        row = after


# whatever is found

POSSIBLE: list[Objects | BucketError] = [
    {},
    WHOLE,
    GROWING,
    left_by(segments=3, ended=False),
    NO_MP4,
    left_by(media_files=0, ended=False),
    without(WHOLE, SECOND),
    without(WHOLE, f"{NAME}.m3u8"),
    WHOLE | {f"{NAME}_0.mp4": 112},
    WHOLE | {f"{NAME}.m3u8": "x"},
    left_by(length=5 * HOUR),
    left_by(length=8 * HOUR, media_files=3),
    left_by(ended=False) | left_by(f"bak0_{NAME}"),
    left_by(media_files=0) | left_by(f"bak0_{NAME}"),
    left_by() | left_by(f"bak0_{NAME}", media_files=0, ended=False),
    DENIED,
    WRONG,
    AWAY,
    AWAY,
    AWAY,
]


@settings(max_examples=100, deadline=None)
@given(
    before=st.sampled_from([STOPPED, BACKUPED, IDLE, LOST, replace(LOST, uploading_status="backuped")]),
    named=st.sampled_from([(), (f"{NAME}.m3u8",), (f"folder/{NAME}.m3u8", f"folder/{NAME}_0.mp4")]),
    checks=st.lists(st.sampled_from(POSSIBLE), min_size=1, max_size=12),
    repeated=st.integers(1, 60),
    late=st.sampled_from([0, 0, 30, 899, 2000, 90_000]),
    policy=st.sampled_from([Policy(), READ_KEY, Policy(query_interval=200)]),
)
def test_whatever_is_found_it_is_told_once_and_truly_and_comes_to_an_end(
    before: Recording,
    named: tuple[str, ...],
    checks: list[Objects | BucketError],
    repeated: int,
    late: float,
    policy: Policy,
) -> None:
    """`repeated`: how often each is found in a row; the last one from then on. `late`: when the first look is."""
    row, seconds, heard, count = replace(before, files=named), late, [], 0
    while not row.is_complete:
        found = checks[min(count // repeated, len(checks) - 1)]
        change = look(row, seconds, found, policy)
        assert change.recording.state in (row.state, State.ENDED)
        new = told(change)
        if FILES in new:
            assert isinstance(found, dict)
            is_what_it_seems(found, named)
        heard += new
        row, count = change.recording, count + 1
        assert row.is_complete or 0 < wait(row, seconds) <= 4000
        seconds = max(seconds, (row.next_step_at - at(END)) / timedelta(seconds=1))

    assert seconds <= max(late, DAY) + HOUR
    assert len(heard) == len(set(heard)), "each is told once at most"
    assert set(heard) <= {WARNED, BACKUP, CAME_AFTER_ALL, CAME_FROM_BACKUP, FILES}
    assert (FILES in heard) is (delivered(row) is DeliveryState.READY)
    assert (WARNED in heard and FILES not in heard) is (delivered(row) is DeliveryState.MISSING)
    assert CAME_AFTER_ALL not in heard or heard.index(WARNED) < heard.index(CAME_AFTER_ALL)
    assert row.reason is (before.reason or Reason.STOPPED)


def is_what_it_seems(found: Objects, named: tuple[str, ...]) -> None:
    """Judged again, without the rules: every name in a playlist, and every one that was given, is an object of some
    size."""
    listed = {line for text in found.values() for line in str(text).splitlines() if line and line[0] != "#"}
    lists = [name for name in found if name.endswith(".m3u8")]
    names = {name.rsplit("/", 1)[-1] for name in named} | {name for name in listed if not name.isdigit()}
    assert lists
    assert all(str(found[name]).startswith("#EXTM3U") for name in lists)
    assert names <= set(found)
    assert all(int(size) >= 1024 for name, size in found.items() if name not in lists)


# recorded on: what every part left is one recording

FIRST_NAME = "FIRST_daily"
LOST_PART = a_lost_segment(lost_at=at(20), resumed_at=at(30), files=(f"{FIRST_NAME}.m3u8", f"{FIRST_NAME}_0.mp4"))
TWO_PARTS = replace(STOPPED, lost_segments=(LOST_PART,))
FIRST_HLS = left_by(FIRST_NAME, media_files=0, ended=False)


def both(first: Objects, second: Objects) -> Objects:
    return first | second


def test_parts_are_joined_in_order_and_their_lengths_added() -> None:
    row, heard = story(TWO_PARTS, [(0, both(left_by(FIRST_NAME), WHOLE))])

    assert heard == [(0, *FILES)]
    assert row.delivery is not None
    assert [part.key for part in row.delivery.media_files] == [f"folder/{FIRST_NAME}_0.mp4", f"folder/{NAME}_0.mp4"]
    assert row.delivery.playlists == (f"folder/{FIRST_NAME}.m3u8", f"folder/{NAME}.m3u8")
    assert row.delivery.seconds == pytest.approx(60)
    assert (row.delivery.missing, row.delivery.empty) == ((), ())


def test_of_a_lost_part_its_hls_alone_will_do_at_once_though_agora_named_an_mp4() -> None:
    row, heard = story(TWO_PARTS, [(0, both(FIRST_HLS, WHOLE))])

    assert heard == [(0, *FILES)]
    assert row.delivery is not None
    assert row.delivery.missing == ()


def test_a_lost_part_of_which_nothing_came_is_named_and_holds_nothing_up() -> None:
    row, heard = story(TWO_PARTS, [(0, WHOLE)])

    assert heard == [(0, *FILES)]
    assert delivered(row) is DeliveryState.READY
    assert row.delivery is not None
    assert row.delivery.missing == (f"{FIRST_NAME}.m3u8",)
    assert [part.key for part in row.delivery.downloadable] == [f"folder/{NAME}_0.mp4"]

    unnamed = replace(TWO_PARTS, lost_segments=(replace(LOST_PART, files=()),))
    row, _ = story(unnamed, [(0, WHOLE)])
    assert row.delivery is not None
    assert row.delivery.missing == (f"{FIRST_NAME}.m3u8", f"{FIRST_NAME}_0.mp4")


def test_a_lost_part_that_has_begun_to_come_is_waited_for_until_its_own_time_is_over() -> None:
    (segment, _) = segments_of(FIRST_NAME, 2)
    partly = both(without(FIRST_HLS, segment), WHOLE)
    row, heard = story(TWO_PARTS, [(0, partly), (819, partly)])
    assert (row.state, heard) == (State.UPLOADING, [])

    row, heard = story(row, [(820, partly)])
    assert heard == [(820, *FILES)]
    assert row.delivery is not None
    assert row.delivery.missing == (segment,)

    long_ago = replace(TWO_PARTS, lost_segments=(replace(LOST_PART, lost_at=at(END - 901)),))
    assert story(long_ago, [(0, partly)])[1] == [(0, *FILES)]


def test_the_last_part_is_waited_for_as_ever_whatever_the_first_one_left() -> None:
    row, heard = story(TWO_PARTS, [(0, FIRST_HLS), (899, FIRST_HLS)])
    assert (row.state, heard) == (State.UPLOADING, [])

    row, heard = story(row, [(900, FIRST_HLS)])
    assert heard == [(900, *WARNED)]
    assert row.delivery is not None
    assert row.delivery.missing == (f"{NAME}.m3u8", f"{NAME}_0.mp4")

    row, heard = story(row, [(1200, both(FIRST_HLS, WHOLE))])
    assert heard == [(1200, *CAME_AFTER_ALL), (1200, *FILES)]


NOBODY_SPOKE = replace(IDLE, lost_segments=(LOST_PART,), first_file_at=None)
"""The last part ended by itself, since nobody was left, and nothing of it was ever stored."""


def test_a_last_part_that_nobody_spoke_in_makes_the_others_no_worse() -> None:
    row, heard = story(NOBODY_SPOKE, [(0, FIRST_HLS), (899, FIRST_HLS)])
    assert heard == [], "something may come all the same"

    row, heard = story(row, [(900, FIRST_HLS)])
    assert heard == [(900, *FILES)]
    assert (row.state, delivered(row), row.files_awaited) == (State.ENDED, DeliveryState.READY, False)
    assert row.delivery is not None
    assert row.delivery.missing == (f"{NAME}.m3u8", f"{NAME}_0.mp4"), "named all the same"


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, {}),
        ({"files": (f"{NAME}.m3u8",)}, FIRST_HLS),
        ({"first_file_at": at(50)}, FIRST_HLS),
        ({"nothing_stored_warned_at": at(50)}, FIRST_HLS),
        ({"reason": Reason.STOPPED_ELSEWHERE}, FIRST_HLS),
        ({}, FIRST_HLS | {f"{NAME}_20260617114200000.ts": 5_000}),
    ],
    ids=["nothing of any", "named", "stored", "people and no file", "stopped elsewhere", "something came"],
)
def test_where_it_may_have_held_something_it_is_told_as_missing(facts: dict[str, Any], found: Objects) -> None:
    row = replace(NOBODY_SPOKE, **facts)

    assert story(row, [(0, found), (900, found)])[1] == [(900, *WARNED)]


def test_files_of_a_lost_part_in_agoras_backup_are_not_taken_for_the_last_ones() -> None:
    in_backup = replace(TWO_PARTS, lost_segments=(replace(LOST_PART, backup_at=at(50)),))

    assert story(in_backup, [(0, WHOLE)])[1] == [(0, *FILES)]
    assert story(in_backup, [(0, {})])[1] == []


def test_where_it_could_not_be_recorded_on_the_lost_part_is_what_is_looked_for() -> None:
    failed = replace(LOST, sid=None, reason=Reason.OVERLOADED, lost_segments=(replace(LOST_PART, resumed_at=None),))
    row, heard = story(failed, [(0, FIRST_HLS), (899, FIRST_HLS), (900, FIRST_HLS)])
    assert heard == [(900, *FILES)]
    assert (row.state, row.reason) == (State.FAILED, Reason.OVERLOADED)

    assert story(failed, [(0, {}), (900, {})])[1] == [(900, *WARNED)]


def test_a_last_part_of_which_agora_said_that_it_is_nothing_is_not_looked_for() -> None:
    nothing = replace(TWO_PARTS, uploading_status=NOTHING_TO_UPLOAD)
    row, heard = story(nothing, [(0, FIRST_HLS), (900, FIRST_HLS)])

    assert heard == [(900, *FILES)]
    assert row.delivery is not None
    assert row.delivery.missing == ()
