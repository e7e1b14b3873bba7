"""Delivery checks: which contents of the bucket are awaited, announced, or reported as missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong
from recordings.lifecycle.actions import Change, CheckFiles
from recordings.lifecycle.policy import Policy
from recordings.model.delivery import DeliveryState
from recordings.model.inventory import NOTHING_TO_UPLOAD, BucketListing
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import RecorderStatus
from recordings.model.unlinked import Position, unlinked_parts
from tests.fakes.bucket_contents import NAME, Objects, left_by, listing_of, playlist, ts_names, without
from tests.fakes.rows import a_lost_segment, at, changed, over, running, turn_at, up
from tests.fakes.steps import EMPTY, NOT_FOUND, next_action, step

HOUR, DAY = 3600.0, 86_400.0
END = 100.0
"""When the recording ended. The tests count seconds from then."""

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

COMPLETE = left_by()
GROWING = left_by(ended=False)
NO_MP4 = left_by(media_files=0)
FIRST, SECOND = ts_names(NAME, 2)
DENIED, WRONG, SILENT = BucketDenied("AccessDenied"), BucketWrong("InvalidAccessKeyId"), BucketUnreachable("NoAnswer")
READ_KEY = Policy(bucket_is_agoras=False)

CheckResult = BucketListing | BucketError
WARNED = ("recording_warning", Reason.NOT_DELIVERED)
BACKUP = ("recording_warning", Reason.IN_BACKUP)
ARRIVED_LATE = ("recording_recovered", Reason.NOT_DELIVERED)
ARRIVED_FROM_BACKUP = ("recording_recovered", Reason.IN_BACKUP)
FILES = ("recording_files", None)


def check(
    row: Recording, seconds: float, contents: Objects | BucketError | BucketListing, policy: Policy | None = None
) -> Change:
    """A delivery check, `seconds` after the end."""
    turn = turn_at(END + seconds, policy)
    assert next_action(row, None, turn) == CheckFiles()
    return step(row, None, turn, listing_of(contents) if isinstance(contents, dict) else contents)


def raised(change: Change) -> list[tuple[str, Reason | None]]:
    return [(str(alert.kind), alert.reason) for alert in change.alerts]


def check_all(
    row: Recording, checks: Iterable[tuple[float, Objects | BucketError]], policy: Policy | None = None
) -> tuple[Recording, list[tuple[float, str, Reason | None]]]:
    """The row after these checks, and the alerts, each with the time of its check."""
    alerts = []
    for seconds, contents in checks:
        change = check(row, seconds, contents, policy)
        row = change.recording
        alerts += [(seconds, *alert) for alert in raised(change)]
    return row, alerts


def delivered(row: Recording) -> DeliveryState | None:
    return None if row.delivery is None else row.delivery.state


def wait(row: Recording, seconds: float) -> float:
    """Seconds until the next check."""
    return (row.next_step_at - at(END + seconds)).total_seconds()


def has_ended(row: Recording) -> bool:
    """Whether the recording has ended, and nothing else of it has changed."""
    ended: dict[str, Any] = {
        "state": State.ENDED,
        "reason": Reason.STOPPED,
        "files_awaited": False,
        "next_step_at": row.next_step_at,
    }
    return replace(row, delivery=None) == replace(STOPPED, uploading_status=row.uploading_status, **ended)


# complete


def test_when_all_files_are_there_the_recording_ends_and_the_files_are_announced() -> None:
    after = check(STOPPED, 0, COMPLETE)

    assert has_ended(after.recording)
    assert after.recording.ended_at == at(END), "not when the files arrived"
    assert after.recording.is_complete
    assert raised(after) == [FILES]
    assert [alert.recording for alert in after.alerts] == [after.recording]
    contents = after.recording.delivery
    assert contents is not None
    assert (contents.state, [file.key for file in contents.media_files]) == (
        DeliveryState.READY,
        [f"folder/{NAME}_0.mp4"],
    )
    assert contents.seconds == pytest.approx(30)
    assert (contents.missing, contents.empty, contents.code) == ((), (), "")


def test_an_upload_of_ten_minutes_is_awaited_silently() -> None:
    partly = without(COMPLETE, SECOND, f"{NAME}_0.mp4")
    row, alerts = check_all(STOPPED, [(0, {}), (5, partly), (30, partly), (300, NO_MP4)])
    assert (row.state, delivered(row), alerts) == (State.UPLOADING, DeliveryState.AWAITED, [])
    assert row.files_awaited

    row, alerts = check_all(row, [(600, COMPLETE)])

    assert has_ended(row)
    assert alerts == [(600, *FILES)]


def test_checks_become_rarer_and_the_last_one_is_at_the_timeout() -> None:
    row, seconds, waits = STOPPED, 0.0, []
    while seconds < 900:
        row = check(row, seconds, {}).recording
        waits.append(wait(row, seconds))
        seconds += waits[-1]

    assert waits[:4] == [6.25, 7.5, 8.75, 10.0]
    assert sorted(waits[:-1]) == waits[:-1]
    assert max(waits) <= 60
    assert sum(waits) == 900


def test_an_unfinished_playlist_needs_two_checks_in_a_row_with_the_same_result() -> None:
    row, alerts = check_all(STOPPED, [(0, GROWING)])
    assert (row.state, alerts) == (State.UPLOADING, [])

    longer = left_by(ts_files=3, ended=False)
    row, alerts = check_all(row, [(6, longer)])
    assert (row.state, alerts) == (State.UPLOADING, []), "more files arrived"

    row, alerts = check_all(row, [(12, SILENT), (20, longer)])
    assert (row.state, alerts) == (State.ENDED, [(20, *FILES)]), "an unanswered check does not count"


@pytest.mark.parametrize("seconds", [0, 899, 900, 5000])
def test_files_found_by_a_late_first_check_are_not_reported_as_missing(seconds: float) -> None:
    """The bot may have been down. An unfinished playlist is checked once more."""
    row, alerts = check_all(STOPPED, [(seconds, GROWING)])
    assert (row.state, alerts) == (State.UPLOADING, [])
    assert 0 < wait(row, seconds) <= 10

    assert check_all(row, [(seconds + 6, GROWING)])[1] == [(seconds + 6, *FILES)]


def test_files_that_arrive_at_the_moment_of_the_timeout_are_not_reported_as_missing() -> None:
    row, alerts = check_all(STOPPED, [(840, {}), (900, GROWING), (910, GROWING)])

    assert alerts == [(910, *FILES)]
    assert has_ended(row)


# several files


def test_three_mp4_files_of_a_long_call_are_one_recording() -> None:
    row, alerts = check_all(
        STOPPED, [(0, left_by(length=8 * HOUR, media_files=2)), (30, left_by(length=8 * HOUR, media_files=3))]
    )

    assert alerts == [(30, *FILES)]
    assert row.delivery is not None
    assert [file.key[-5:] for file in row.delivery.media_files] == ["0.mp4", "1.mp4", "2.mp4"]
    assert row.delivery.seconds == pytest.approx(8 * HOUR)


def test_the_files_of_two_servers_are_one_recording() -> None:
    both = left_by(ended=False) | left_by(f"bak0_{NAME}")
    early = without(both, f"bak0_{NAME}_0.mp4")
    row, alerts = check_all(STOPPED, [(0, early), (5, early), (20, both)])

    assert alerts == [(20, *FILES)]
    assert row.delivery is not None
    assert [file.key for file in row.delivery.media_files] == [f"folder/{NAME}_0.mp4", f"folder/bak0_{NAME}_0.mp4"]


def test_after_the_timeout_an_earlier_server_may_lack_its_mp4() -> None:
    contents = left_by(media_files=0, ended=False) | left_by(f"bak0_{NAME}")
    row, alerts = check_all(STOPPED, [(0, contents), (60, contents), (899, contents), (900, contents)])

    assert alerts == [(900, *FILES)]
    assert row.delivery is not None
    assert len(row.delivery.playlists) == 2


def test_another_mp4_is_awaited_if_the_newest_one_was_stored_long_before_the_end() -> None:
    """In 3 h 05 min Agora may have begun a second MP4 file."""
    objects = left_by(length=3 * HOUR + 300, media_files=1)
    stored_at = dict.fromkeys(objects, at(END)) | {f"{NAME}_0.mp4": at(END - 300)}
    early = listing_of(objects, at=stored_at)
    after = check(STOPPED, 5, early)
    assert (after.recording.state, after.alerts) == (State.UPLOADING, ())

    row = after.recording
    both = left_by(length=3 * HOUR + 300, media_files=2)
    assert raised(check(row, 60, listing_of(both, at=stored_at | {f"{NAME}_1.mp4": at(END + 50)}))) == [FILES]
    assert raised(check(row, 900, early)) == [FILES], "no second one arrived"


def test_a_late_ts_file_does_not_make_the_mp4_look_old() -> None:
    stored_at = dict.fromkeys(COMPLETE, at(END + 20)) | {SECOND: at(END + 500)}

    assert raised(check(STOPPED, 501, listing_of(COMPLETE, at=stored_at))) == [FILES]


# missing at the timeout

NOT_THERE: dict[str, tuple[Recording, Objects, tuple[str, ...], tuple[str, ...]]] = {
    "nothing": (STOPPED, {}, (f"{NAME}.m3u8", f"{NAME}_0.mp4"), ()),
    "none of the named files": (
        replace(STOPPED, files=(f"folder/{NAME}.m3u8", "x.mp4")),
        {},
        (f"{NAME}.m3u8", "x.mp4"),
        (),
    ),
    "one TS file is missing": (STOPPED, without(COMPLETE, SECOND), (SECOND,), ()),
    "only the playlist": (
        STOPPED,
        {f"{NAME}.m3u8": COMPLETE[f"{NAME}.m3u8"]},
        (f"{NAME}_0.mp4", FIRST, SECOND),
        (),
    ),
    "the MP4 alone": (STOPPED, {f"{NAME}_0.mp4": 5000}, (f"{NAME}.m3u8",), ()),
    "a named MP4 is missing": (replace(STOPPED, files=(f"{NAME}_0.mp4",)), NO_MP4, (f"{NAME}_0.mp4",), ()),
    "a named MP4 of a recorder that died": (replace(LOST, files=(f"{NAME}_0.mp4",)), NO_MP4, (f"{NAME}_0.mp4",), ()),
    "an MP4 of 0 bytes": (STOPPED, COMPLETE | {f"{NAME}_0.mp4": 0}, (), (f"{NAME}_0.mp4",)),
    "an MP4 of 112 bytes": (STOPPED, COMPLETE | {f"{NAME}_0.mp4": 112}, (), (f"{NAME}_0.mp4",)),
    "an MP4 of 112 bytes of a recorder that died": (LOST, COMPLETE | {f"{NAME}_0.mp4": 112}, (), (f"{NAME}_0.mp4",)),
    "a TS file of 0 bytes": (STOPPED, COMPLETE | {FIRST: 0}, (), (FIRST,)),
    "a text that is not a playlist": (STOPPED, COMPLETE | {f"{NAME}.m3u8": "x"}, (), (f"{NAME}.m3u8",)),
    "a playlist without TS files": (STOPPED, COMPLETE | {f"{NAME}.m3u8": playlist()}, (), (f"{NAME}.m3u8",)),
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
    "a TS file of the first server": (
        STOPPED,
        without(left_by() | left_by(f"bak0_{NAME}"), FIRST),
        (FIRST,),
        (),
    ),
}


@pytest.mark.parametrize("name", NOT_THERE)
def test_files_missing_at_the_timeout_are_one_warning_that_names_them(name: str) -> None:
    before, contents, missing, empty = NOT_THERE[name]
    row, alerts = check_all(before, [(0, contents), (30, contents), (899, contents)])
    assert (row.state, delivered(row), alerts) == (before.state, DeliveryState.AWAITED, [])

    change = check(row, 900, contents)
    assert raised(change) == [WARNED]
    row = change.recording
    assert row.state is (State.FAILED if before.state is State.FAILED else State.ENDED)
    assert row.reason is (before.reason or Reason.STOPPED)
    assert row.delivery is not None
    assert (row.delivery.state, row.delivery.missing, row.delivery.empty) == (DeliveryState.MISSING, missing, empty)
    assert row.files_awaited, "the files can still arrive"
    assert wait(row, 900) == 300
    assert [alert.recording for alert in change.alerts] == [row]

    assert check_all(row, [(1200, contents), (5000, contents), (80_000, contents)])[1] == [], "reported once"


@pytest.mark.parametrize("name", NOT_THERE)
def test_files_that_arrive_late_are_a_recovery_and_are_announced(name: str) -> None:
    before, contents, *_ = NOT_THERE[name]
    complete = left_by(length=5 * HOUR, media_files=3) | left_by(f"bak0_{NAME}")
    if before.files:
        complete |= dict.fromkeys(["x.mp4"], 5000)
    row, alerts = check_all(
        before,
        [
            (900, contents),
            (1200, complete),
        ],
    )

    assert alerts == [(900, *WARNED), (1200, *ARRIVED_LATE)]
    assert (row.is_complete, delivered(row)) == (True, DeliveryState.READY)
    assert row.delivery is not None
    assert (row.delivery.missing, row.delivery.empty) == ((), ())


def test_late_files_that_arrive_one_by_one_are_announced_when_they_are_complete() -> None:
    row, alerts = check_all(STOPPED, [(900, {}), (1200, GROWING)])
    assert (row.state, delivered(row), row.files_awaited) == (State.ENDED, DeliveryState.MISSING, True)
    assert row.delivery is not None
    assert row.delivery.missing == (f"{NAME}.m3u8", f"{NAME}_0.mp4"), "the card says so until they are complete"
    assert wait(row, 1200) < 60

    assert check_all(row, [(1210, GROWING)])[1] == [(1210, *ARRIVED_LATE)]
    assert alerts == [(900, *WARNED)]


def test_checks_for_late_files_end_after_a_day() -> None:
    row, _ = check_all(STOPPED, [(900, {}), (DAY - 10, {})])
    assert wait(row, DAY - 10) == 10, "one last check at the end of the day"

    row, alerts = check_all(row, [(DAY, {})])

    assert (row.is_complete, delivered(row), alerts) == (True, DeliveryState.MISSING, [])


@pytest.mark.parametrize("interval", [0.5, 30, 900])
def test_checks_end_within_a_day_at_any_query_interval(interval: float) -> None:
    policy = Policy(query_interval=interval)
    row, _ = check_all(STOPPED, [(900, {}), (DAY - 60, {})], policy)

    assert wait(row, DAY - 60) <= 60


# HLS alone


def test_no_mp4_is_awaited_if_agora_uploaded_everything_and_named_none() -> None:
    uploaded = replace(STOPPED, uploading_status="uploaded", files=(f"{NAME}.m3u8",))
    assert raised(check(uploaded, 5, NO_MP4)) == [FILES]

    with_one = replace(uploaded, files=(f"{NAME}.m3u8", f"{NAME}_0.mp4"))
    assert raised(check(with_one, 5, NO_MP4)) == []
    assert raised(check(replace(STOPPED, uploading_status="uploaded"), 5, NO_MP4)) == [], "Agora named nothing"


@pytest.mark.parametrize("before", [STOPPED, IDLE, LOST, CRASHED])
def test_after_the_timeout_the_hls_files_are_enough_if_no_mp4_was_named(before: Recording) -> None:
    row, alerts = check_all(before, [(0, NO_MP4), (899, NO_MP4)])
    assert (row.state, alerts) == (before.state, []), "the MP4 is awaited"

    row, alerts = check_all(row, [(900, NO_MP4)])

    assert alerts == [(900, *FILES)]
    assert row.delivery is not None
    assert (row.delivery.state, row.delivery.media_files) == (DeliveryState.READY, ())
    assert row.delivery.playlists == (f"folder/{NAME}.m3u8",)


def test_a_playlist_that_still_grows_at_the_timeout_is_not_announced_yet() -> None:
    growing = [(880.0 + 10 * n, left_by(media_files=0, ts_files=n, ended=False)) for n in range(2, 9)]
    row, alerts = check_all(STOPPED, growing)
    assert (row.state, alerts) == (State.UPLOADING, [])

    last = growing[-1][1]
    assert check_all(row, [(1000, last)])[1] == [(1000, *FILES)]


@pytest.mark.parametrize("before", [LOST, CRASHED])
def test_after_the_timeout_a_recorder_that_died_may_have_fewer_mp4_files_than_its_length_requires(
    before: Recording,
) -> None:
    contents = left_by(length=5 * HOUR, ended=False)
    row, alerts = check_all(before, [(0, contents), (60, contents), (900, contents)])

    assert alerts == [(900, *FILES)]
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
def test_files_are_checked_after_every_kind_of_end_and_the_state_stays(name: str) -> None:
    before, answer, state, reason = HOW_IT_ENDED[name]
    row = step(before, running(), turn_at(END, Policy(max_resumes=0)), **answer).recording
    assert (row.state, row.reason, row.files_awaited, row.is_complete) == (state, reason, True, False)
    assert row.next_step_at == at(END)

    row, alerts = check_all(row, [(0, {}), (60, COMPLETE)])

    assert (row.state, row.reason, row.ended_at) == (state, reason, at(END))
    assert (row.is_complete, alerts) == (True, [(60, *FILES)])


def test_the_end_at_the_time_limit_is_not_reported_again_with_the_files() -> None:
    limited = changed(STOPPED, files_awaited=False, stop_reason=Reason.TIME_LIMIT, stop_at=None, stop_by=None)
    gone = step(limited, running(), turn_at(END), NOT_FOUND)
    assert raised(gone) == [("recording_ended", Reason.TIME_LIMIT)]

    row, alerts = check_all(gone.recording, [(0, {}), (10, COMPLETE)])

    assert (row.state, row.reason, alerts) == (State.ENDED, Reason.TIME_LIMIT, [(10, *FILES)])


@pytest.mark.parametrize("answer", [{}, DENIED, WRONG], ids=["missing", "denied", "wrong"])
def test_the_end_at_the_time_limit_is_not_reported_again_if_files_are_missing_or_unreadable(
    answer: Objects | BucketError,
) -> None:
    limited = changed(STOPPED, stop_reason=Reason.TIME_LIMIT, stop_at=None, stop_by=None)
    row, alerts = check_all(limited, [(900, answer)])

    assert (row.state, row.reason) == (State.ENDED, Reason.TIME_LIMIT)
    assert [alert for alert in alerts if alert[1] == "recording_ended"] == []


def test_a_stop_request_during_the_delivery_checks_changes_nothing() -> None:
    requested = changed(IDLE, stop_at=at(END + 1), stop_by="U3")

    assert raised(check(requested, 2, COMPLETE)) == [FILES]
    assert check(requested, 2, COMPLETE).recording.reason is Reason.IDLE


# in Agora's backup


def test_files_in_agoras_backup_are_one_warning_and_are_awaited() -> None:
    partly = without(COMPLETE, SECOND)
    row, alerts = check_all(BACKUPED, [(0, partly), (60, partly), (900, partly), (5000, partly), (DAY - 1, partly)])

    assert alerts == [(0, *BACKUP)]
    assert (row.state, delivered(row), row.files_awaited) == (State.UPLOADING, DeliveryState.IN_BACKUP, True)

    row, alerts = check_all(row, [(DAY - 0.5, COMPLETE)])
    assert alerts == [(DAY - 0.5, *ARRIVED_FROM_BACKUP), (DAY - 0.5, *FILES)]
    assert has_ended(row)


def test_files_in_agoras_backup_are_checked_at_least_every_minute() -> None:
    row, seconds = BACKUPED, 0.0
    while seconds < 2000:
        row = check(row, seconds, {}).recording
        assert 0 < wait(row, seconds) <= 60
        seconds += wait(row, seconds)


def test_files_that_do_not_arrive_from_the_backup_within_a_day_are_not_delivered() -> None:
    partly = without(COMPLETE, SECOND)
    row, alerts = check_all(BACKUPED, [(0, partly), (DAY, partly)])

    assert alerts == [(0, *BACKUP), (DAY, *WARNED)]
    assert (row.state, delivered(row), row.is_complete) == (State.ENDED, DeliveryState.MISSING, True)


def test_a_backup_is_not_mentioned_if_all_files_are_there() -> None:
    assert check_all(BACKUPED, [(0, COMPLETE)])[1] == [(0, *FILES)]


def test_while_files_are_in_the_backup_the_hls_files_are_not_enough() -> None:
    row, alerts = check_all(BACKUPED, [(0, NO_MP4), (900, NO_MP4), (5000, NO_MP4)])
    assert (row.state, alerts) == (State.UPLOADING, [(0, *BACKUP)])

    assert check_all(row, [(DAY, NO_MP4)])[1] == [(DAY, *ARRIVED_FROM_BACKUP), (DAY, *FILES)]


def test_a_playlist_from_the_backup_replaces_the_named_one() -> None:
    named = replace(BACKUPED, files=(f"folder/{NAME}.m3u8", f"folder/{NAME}_0.mp4"))
    from_backup = without(COMPLETE, f"{NAME}.m3u8") | {f"{NAME}_22194679897_0.m3u8": COMPLETE[f"{NAME}.m3u8"]}
    row, alerts = check_all(named, [(0, without(COMPLETE, f"{NAME}.m3u8")), (4000, from_backup)])

    assert [alert[1:] for alert in alerts] == [BACKUP, ARRIVED_FROM_BACKUP, FILES]
    assert row.delivery is not None
    assert row.delivery.playlists == (f"folder/{NAME}_22194679897_0.m3u8",)


# a bucket that can't be read


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
def test_a_bucket_that_the_bot_may_not_read_ends_the_recording_unverified(
    before: Recording, error: BucketError, policy: Policy
) -> None:
    row, alerts = check_all(before, [(0, error)], policy)

    assert row.state is (State.FAILED if before is LOST else State.ENDED)
    assert (row.is_complete, alerts) == (True, [])
    assert row.delivery is not None
    assert (row.delivery.state, row.delivery.code) == (DeliveryState.UNVERIFIED, error.code)


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_rejected_key_that_agora_uses_too_is_a_warning_at_once(seconds: float) -> None:
    row, alerts = check_all(STOPPED, [(0, WRONG)] if not seconds else [(0, {}), (seconds, WRONG)])

    assert alerts == [(seconds, *WARNED)]
    assert (row.state, row.is_complete) == (State.ENDED, True), "nothing can arrive"
    assert row.delivery is not None
    assert (row.delivery.state, row.delivery.code) == (DeliveryState.MISSING, "InvalidAccessKeyId")


def test_a_bucket_that_never_answered_is_given_up_soon() -> None:
    row, seconds = STOPPED, 0.0
    while not row.is_complete:
        change = check(row, seconds, SILENT)
        assert change.alerts == ()
        row = change.recording
        seconds += wait(row, seconds)

    assert (row.state, delivered(row)) == (State.ENDED, DeliveryState.UNVERIFIED)
    assert seconds < 30


def test_a_bucket_that_answered_before_is_retried_until_the_timeout() -> None:
    row, alerts = check_all(STOPPED, [(0, {}), *((10.0 + 30 * n, SILENT) for n in range(20))])
    assert (row.state, delivered(row), alerts) == (State.UPLOADING, DeliveryState.AWAITED, [])
    assert 0 < wait(row, 580) <= 30

    assert check_all(row, [(700, COMPLETE)])[1] == [(700, *FILES)]
    gone, alerts = check_all(row, [(900, SILENT)])
    assert (gone.state, delivered(gone), gone.is_complete, alerts) == (State.ENDED, DeliveryState.UNVERIFIED, True, [])


def test_a_bucket_without_an_answer_is_retried_with_the_backoff_then_at_the_query_interval() -> None:
    row, waits = check(STOPPED, 0, {}).recording, []
    for _ in range(5):
        row = check(row, 10, SILENT).recording
        waits.append(wait(row, 10))

    assert waits == [1, 3, 6, 30, 30]


def test_a_silent_bucket_is_retried_for_a_day_and_missing_files_stay_missing() -> None:
    row, _ = check_all(STOPPED, [(900, {}), (1200, SILENT), (50_000, SILENT)])
    assert (delivered(row), row.files_awaited) == (DeliveryState.MISSING, True)

    assert check_all(row, [(60_000, COMPLETE)])[1] == [(60_000, *ARRIVED_LATE)]
    row, alerts = check_all(row, [(DAY, SILENT)])
    assert (row.is_complete, alerts) == (True, [])
    assert row.delivery is not None
    assert row.delivery.state is DeliveryState.MISSING
    assert row.delivery.missing == (f"{NAME}.m3u8", f"{NAME}_0.mp4")
    assert row.delivery.code == "", "the storage did not refuse a key that Agora uses"


@pytest.mark.parametrize("error", [DENIED, BucketError("TooLarge")])
def test_missing_files_stay_missing_if_the_bucket_becomes_unreadable(error: BucketError) -> None:
    row, alerts = check_all(STOPPED, [(900, without(COMPLETE, SECOND)), (1200, error)])

    assert alerts == [(900, *WARNED)]
    assert row.is_complete
    assert row.delivery is not None
    assert (row.delivery.state, row.delivery.missing, row.delivery.code) == (DeliveryState.MISSING, (SECOND,), "")


def test_a_silent_bucket_is_retried_for_a_day_while_files_are_in_the_backup() -> None:
    row, alerts = check_all(BACKUPED, [(0, {}), (1000, SILENT), (50_000, SILENT)])
    assert (row.state, delivered(row), alerts) == (State.UPLOADING, DeliveryState.IN_BACKUP, [(0, *BACKUP)])

    assert check_all(row, [(60_000, COMPLETE)])[1] == [(60_000, *ARRIVED_FROM_BACKUP), (60_000, *FILES)]
    row, alerts = check_all(row, [(DAY, SILENT)])
    assert (row.state, delivered(row), row.is_complete, alerts) == (State.ENDED, DeliveryState.UNVERIFIED, True, [])


def test_an_answer_of_the_bucket_resets_the_count_of_failures() -> None:
    row, _ = check_all(STOPPED, [(0, SILENT), (1, SILENT), (4, SILENT), (10, {})])

    assert row.delivery is not None
    assert row.delivery.failures == 0
    assert (
        check_all(row, [(20, SILENT), (21, SILENT), (24, SILENT), (30, SILENT), (60, SILENT)])[0].state
        is State.UPLOADING
    )


# the card


def test_a_check_without_news_for_people_does_not_change_the_card() -> None:
    row = STOPPED
    for seconds, contents in ((0, {}), (6, without(COMPLETE, SECOND)), (20, SILENT), (60, NO_MP4)):
        after = check(row, seconds, contents).recording
        assert after.card_content == STOPPED.card_content
        row = after
    assert check(row, 100, COMPLETE).recording.card_content != row.card_content


@pytest.mark.parametrize(
    ("before", "then"),
    [(STOPPED, [(900.0, {}), (1200.0, {}), (1500.0, SILENT)]), (BACKUPED, [(0.0, {}), (60.0, NO_MP4)])],
)
def test_a_check_after_the_alert_does_not_change_the_card(before: Recording, then: list[tuple[float, Any]]) -> None:
    row = check(before, *then[0]).recording
    assert row.card_content != before.card_content

    for seconds, contents in then[1:]:
        after = check(row, seconds, contents).recording
        assert after.card_content == row.card_content
        row = after


# any contents

POSSIBLE: list[Objects | BucketError] = [
    {},
    COMPLETE,
    GROWING,
    left_by(ts_files=3, ended=False),
    NO_MP4,
    left_by(media_files=0, ended=False),
    without(COMPLETE, SECOND),
    without(COMPLETE, f"{NAME}.m3u8"),
    COMPLETE | {f"{NAME}_0.mp4": 112},
    COMPLETE | {f"{NAME}.m3u8": "x"},
    left_by(length=5 * HOUR),
    left_by(length=8 * HOUR, media_files=3),
    left_by(ended=False) | left_by(f"bak0_{NAME}"),
    left_by(media_files=0) | left_by(f"bak0_{NAME}"),
    left_by() | left_by(f"bak0_{NAME}", media_files=0, ended=False),
    DENIED,
    WRONG,
    SILENT,
    SILENT,
    SILENT,
]


@given(
    before=st.sampled_from([STOPPED, BACKUPED, IDLE, LOST, replace(LOST, uploading_status="backuped")]),
    named=st.sampled_from([(), (f"{NAME}.m3u8",), (f"folder/{NAME}.m3u8", f"folder/{NAME}_0.mp4")]),
    checks=st.lists(st.sampled_from(POSSIBLE), min_size=1, max_size=12),
    repeated=st.integers(1, 60),
    late=st.sampled_from([0, 0, 30, 899, 2000, 90_000]),
    policy=st.sampled_from([Policy(), READ_KEY, Policy(query_interval=200)]),
)
def test_any_contents_are_reported_once_and_truthfully_and_the_checks_end(
    before: Recording,
    named: tuple[str, ...],
    checks: list[Objects | BucketError],
    repeated: int,
    late: float,
    policy: Policy,
) -> None:
    """`repeated`: how many checks in a row find the same; after that the last one forever. `late`: the first check."""
    row, seconds, alerts, count = replace(before, files=named), late, [], 0
    while not row.is_complete:
        contents = checks[min(count // repeated, len(checks) - 1)]
        change = check(row, seconds, contents, policy)
        assert change.recording.state in (row.state, State.ENDED)
        new = raised(change)
        if FILES in new or ARRIVED_LATE in new:
            assert isinstance(contents, dict)
            assert_truthful(contents, named)
        alerts += new
        row, count = change.recording, count + 1
        assert row.is_complete or 0 < wait(row, seconds) <= 4000
        seconds = max(seconds, (row.next_step_at - at(END)) / timedelta(seconds=1))

    assert seconds <= max(late, DAY) + HOUR
    assert len(alerts) == len(set(alerts)), "each alert is raised once at most"
    assert set(alerts) <= {WARNED, BACKUP, ARRIVED_LATE, ARRIVED_FROM_BACKUP, FILES}
    giving_files = [alert for alert in alerts if alert in (FILES, ARRIVED_LATE)]
    assert len(giving_files) == (1 if delivered(row) is DeliveryState.READY else 0)
    assert (WARNED in alerts and not giving_files) is (delivered(row) is DeliveryState.MISSING)
    assert ARRIVED_LATE not in alerts or alerts.index(WARNED) < alerts.index(ARRIVED_LATE)
    assert row.reason is (before.reason or Reason.STOPPED)


def assert_truthful(contents: Objects, named: tuple[str, ...]) -> None:
    """An oracle without the rules: each name in a playlist, and each that Agora gave, is an object of some size."""
    listed = {line for text in contents.values() for line in str(text).splitlines() if line and line[0] != "#"}
    lists = [name for name in contents if name.endswith(".m3u8")]
    names = {name.rsplit("/", 1)[-1] for name in named} | {name for name in listed if not name.isdigit()}
    assert lists
    assert all(str(contents[name]).startswith("#EXTM3U") for name in lists)
    assert names <= set(contents)
    assert all(int(size) >= 1024 for name, size in contents.items() if name not in lists)


# several segments

FIRST_NAME = "FIRST_daily"
LOST_SEGMENT = a_lost_segment(lost_at=at(20), resumed_at=at(30), files=(f"{FIRST_NAME}.m3u8", f"{FIRST_NAME}_0.mp4"))
TWO_SEGMENTS = replace(STOPPED, lost_segments=(LOST_SEGMENT,))
FIRST_HLS = left_by(FIRST_NAME, media_files=0, ended=False)


def both(first: Objects, second: Objects) -> Objects:
    return first | second


def test_segments_are_joined_in_order_and_their_lengths_added() -> None:
    row, alerts = check_all(TWO_SEGMENTS, [(0, both(left_by(FIRST_NAME), COMPLETE))])

    assert alerts == [(0, *FILES)]
    assert row.delivery is not None
    assert [file.key for file in row.delivery.media_files] == [f"folder/{FIRST_NAME}_0.mp4", f"folder/{NAME}_0.mp4"]
    assert row.delivery.playlists == (f"folder/{FIRST_NAME}.m3u8", f"folder/{NAME}.m3u8")
    assert row.delivery.seconds == pytest.approx(60)
    assert (row.delivery.missing, row.delivery.empty) == ((), ())


def test_the_length_of_a_lost_segment_without_a_file_is_not_that_of_the_file() -> None:
    """What people read is the length of what they can open."""
    row, _ = check_all(TWO_SEGMENTS, [(0, both(FIRST_HLS, left_by(length=40)))])

    assert row.delivery is not None
    assert [footage.seconds for footage in row.delivery.footage] == [pytest.approx(30), pytest.approx(40)]
    assert row.delivery.length == timedelta(seconds=40)
    (part,) = unlinked_parts(row)
    assert (part.position, part.length) == (Position.FIRST, timedelta(seconds=30))


def test_the_hls_files_of_a_lost_segment_are_enough_even_if_agora_named_an_mp4() -> None:
    row, alerts = check_all(TWO_SEGMENTS, [(0, both(FIRST_HLS, COMPLETE))])

    assert alerts == [(0, *FILES)]
    assert row.delivery is not None
    assert row.delivery.missing == ()


def test_a_lost_segment_without_files_is_named_and_delays_nothing() -> None:
    row, alerts = check_all(TWO_SEGMENTS, [(0, COMPLETE)])

    assert alerts == [(0, *FILES)]
    assert delivered(row) is DeliveryState.READY
    assert row.delivery is not None
    assert row.delivery.missing == (f"{FIRST_NAME}.m3u8",)
    assert [file.key for file in row.delivery.downloadable] == [f"folder/{NAME}_0.mp4"]

    unnamed = replace(TWO_SEGMENTS, lost_segments=(replace(LOST_SEGMENT, files=()),))
    row, _ = check_all(unnamed, [(0, COMPLETE)])
    assert row.delivery is not None
    assert row.delivery.missing == (f"{FIRST_NAME}.m3u8", f"{FIRST_NAME}_0.mp4")


def test_a_lost_segment_that_is_arriving_is_awaited_until_its_own_timeout() -> None:
    (segment, _) = ts_names(FIRST_NAME, 2)
    partly = both(without(FIRST_HLS, segment), COMPLETE)
    row, alerts = check_all(TWO_SEGMENTS, [(0, partly), (819, partly)])
    assert (row.state, alerts) == (State.UPLOADING, [])

    row, alerts = check_all(row, [(820, partly)])
    assert alerts == [(820, *FILES)]
    assert row.delivery is not None
    assert row.delivery.missing == (segment,)

    long_ago = replace(TWO_SEGMENTS, lost_segments=(replace(LOST_SEGMENT, lost_at=at(END - 901)),))
    assert check_all(long_ago, [(0, partly)])[1] == [(0, *FILES)]


def test_the_last_segment_is_awaited_whatever_the_first_one_has() -> None:
    row, alerts = check_all(TWO_SEGMENTS, [(0, FIRST_HLS), (899, FIRST_HLS)])
    assert (row.state, alerts) == (State.UPLOADING, [])

    row, alerts = check_all(row, [(900, FIRST_HLS)])
    assert alerts == [(900, *WARNED)]
    assert row.delivery is not None
    assert row.delivery.missing == (f"{NAME}.m3u8", f"{NAME}_0.mp4")

    row, alerts = check_all(row, [(1200, both(FIRST_HLS, COMPLETE))])
    assert alerts == [(1200, *ARRIVED_LATE)]


EMPTY_LAST_SEGMENT = replace(IDLE, lost_segments=(LOST_SEGMENT,), first_file_at=None)
"""Everybody left during the last segment, before anything of it was stored."""


def test_an_empty_last_segment_of_an_idle_call_does_not_make_the_others_incomplete() -> None:
    row, alerts = check_all(EMPTY_LAST_SEGMENT, [(0, FIRST_HLS), (899, FIRST_HLS)])
    assert alerts == [], "files can still arrive"

    row, alerts = check_all(row, [(900, FIRST_HLS)])
    assert alerts == [(900, *FILES)]
    assert (row.state, delivered(row), row.files_awaited) == (State.ENDED, DeliveryState.READY, False)
    assert row.delivery is not None
    assert row.delivery.missing == (f"{NAME}.m3u8", f"{NAME}_0.mp4"), "named nevertheless"


@pytest.mark.parametrize(
    ("facts", "contents"),
    [
        ({}, {}),
        ({"files": (f"{NAME}.m3u8",)}, FIRST_HLS),
        ({"first_file_at": at(50)}, FIRST_HLS),
        ({"nothing_stored_warned_at": at(50)}, FIRST_HLS),
        ({"reason": Reason.STOPPED_ELSEWHERE}, FIRST_HLS),
        ({}, FIRST_HLS | {f"{NAME}_20260617114200000.ts": 5_000}),
    ],
    ids=["no files at all", "named", "stored", "people and no file", "stopped elsewhere", "one TS file"],
)
def test_a_last_segment_that_may_have_content_is_reported_as_missing(facts: dict[str, Any], contents: Objects) -> None:
    row = replace(EMPTY_LAST_SEGMENT, **facts)

    assert check_all(row, [(0, contents), (900, contents)])[1] == [(900, *WARNED)]


def test_files_of_a_lost_segment_in_the_backup_do_not_delay_the_last_segment() -> None:
    in_backup = replace(TWO_SEGMENTS, lost_segments=(replace(LOST_SEGMENT, backup_at=at(50)),))

    assert check_all(in_backup, [(0, COMPLETE)])[1] == [(0, *FILES)]
    assert check_all(in_backup, [(0, {})])[1] == []


def test_if_no_recorder_continued_the_lost_segment_is_checked() -> None:
    failed = replace(LOST, sid=None, reason=Reason.OVERLOADED, lost_segments=(replace(LOST_SEGMENT, resumed_at=None),))
    row, alerts = check_all(failed, [(0, FIRST_HLS), (899, FIRST_HLS), (900, FIRST_HLS)])
    assert alerts == [(900, *FILES)]
    assert (row.state, row.reason) == (State.FAILED, Reason.OVERLOADED)

    assert check_all(failed, [(0, {}), (900, {})])[1] == [(900, *WARNED)]


def test_a_last_segment_in_which_agora_recorded_nothing_is_not_checked() -> None:
    nothing = replace(TWO_SEGMENTS, uploading_status=NOTHING_TO_UPLOAD)
    row, alerts = check_all(nothing, [(0, FIRST_HLS), (900, FIRST_HLS)])

    assert alerts == [(900, *FILES)]
    assert row.delivery is not None
    assert row.delivery.missing == ()
