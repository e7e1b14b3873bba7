"""Notifications: their facts, in any order the same, and never the end of a recording by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.lifecycle.actions import Change
from recordings.lifecycle.notifications import apply, describe_error
from recordings.model.notifications import Notification, NotificationEvent
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import Gap, RecorderStatus
from tests.fakes.notifications import exited, gap, left, moved, new_notification, picture, progress, sound, upload_error
from tests.fakes.rows import UID, at, changed, coming_up, over, running, started, turn_at, up, with_card
from tests.fakes.steps import EMPTY, NOT_FOUND, SOMEBODY, step

FIVE = RecorderStatus(5)
UP = up(next_step_at=at(75))


def applied(
    recording: Recording, *notifications: Notification, recorder: Recorder | None = None, seconds: float = 60
) -> Change:
    return apply(recording, recorder or running(), notifications, turn_at(seconds))


def raised(change: Change) -> list[tuple[str, str]]:
    return [(str(alert.kind), str(alert.reason)) for alert in change.alerts]


def asks_now(change: Change, seconds: float = 60) -> bool:
    return change.recording.next_step_at == at(seconds)


# exits


@pytest.mark.parametrize("notification", [left(4), left(6), left(0), left(2), left(16), exited(0), exited(1)])
def test_a_reported_exit_ends_nothing_and_makes_a_query_happen_at_once(notification: Notification) -> None:
    change = applied(UP, notification)

    assert (change.recording.state, change.alerts) == (State.RECORDING, ())
    assert asks_now(change)
    assert change.processed == (notification.id,)


ENDS: list[tuple[Sequence[Notification], State, Reason]] = [
    ([left(4)], State.ENDED, Reason.IDLE),
    ([left(4 | 2)], State.ENDED, Reason.IDLE),
    ([left(4), exited(0)], State.ENDED, Reason.IDLE),
    ([exited(0), left(4)], State.ENDED, Reason.IDLE),
    ([left(0)], State.FAILED, Reason.CRASHED),
    ([exited(1)], State.FAILED, Reason.CRASHED),
    ([left(2), exited(1)], State.FAILED, Reason.CRASHED),
    ([left(2)], State.FAILED, Reason.LEFT),
    ([left(16)], State.FAILED, Reason.LEFT),
    ([left(16), exited(0)], State.FAILED, Reason.LEFT),
    ([exited(0)], State.ENDED, Reason.STOPPED_ELSEWHERE),
    ([left(8)], State.ENDED, Reason.STOPPED_ELSEWHERE),
]


@pytest.mark.parametrize(("notifications", "state", "reason"), ENDS)
def test_after_a_query_confirms_an_exit_the_recording_is_over_with_the_reported_cause(
    notifications: Sequence[Notification], state: State, reason: Reason
) -> None:
    row = applied(UP, *notifications).recording
    change = step(row, running(), turn_at(61), NOT_FOUND, SOMEBODY)

    assert (change.recording.state, change.recording.reason) == (state, reason)
    assert len(change.alerts) == 1


def test_an_exit_without_a_cause_from_an_empty_channel_is_idle() -> None:
    row = applied(UP, exited(0)).recording

    assert step(row, running(), turn_at(61), NOT_FOUND, EMPTY).recording.reason is Reason.IDLE


@pytest.mark.parametrize("notification", [left(4), left(16), exited(1)])
def test_a_false_or_stale_exit_is_forgotten_when_a_query_finds_the_recorder(notification: Notification) -> None:
    row = step(applied(UP, notification).recording, running(), turn_at(61), FIVE).recording
    assert (row.state, row.reported.exit_cause) == (State.RECORDING, None)

    after = step(row, running(), turn_at(90), NOT_FOUND, SOMEBODY)
    assert (after.recording.state, after.alerts) == (State.INTERRUPTED, ()), "the grace period applies again"


def test_an_answer_that_may_be_older_than_the_exit_is_followed_by_another_query_soon() -> None:
    row = step(applied(UP, left(16, 50)).recording, running(), turn_at(51), FIVE).recording
    assert (row.state, row.next_step_at) == (State.RECORDING, at(56))

    after = step(row, running(), turn_at(56), NOT_FOUND, SOMEBODY)
    assert (after.recording.reason, len(after.alerts)) == (Reason.LEFT, 1)


@pytest.mark.parametrize("notification", [left(0), left(2), left(16), exited(1)])
def test_an_exit_during_a_move_ends_nothing_within_the_grace_period(
    notification: Notification,
) -> None:
    for batch in ([moved(49), notification], [notification, moved(52)]):
        row = applied(UP, *batch).recording
        for seconds in (61, 66, 76, 150):
            change = step(row, running(), turn_at(seconds), NOT_FOUND, SOMEBODY)
            row = change.recording
            assert (row.state, change.alerts) == (State.INTERRUPTED, ())
        back = step(row, running(), turn_at(160), FIVE).recording
        assert (back.state, back.reported.exit_cause, back.reported.moving) == (State.RECORDING, None, False)


def test_a_recorder_that_never_came_back_from_a_move_has_the_reported_cause() -> None:
    row = applied(UP, moved(49), exited(1)).recording
    for seconds in (61, 66, 181):
        row = step(row, running(), turn_at(seconds), NOT_FOUND, SOMEBODY).recording

    assert (row.state, row.reason) == (State.FAILED, Reason.CRASHED)


def test_an_exit_after_a_completed_move_has_no_grace_period() -> None:
    row = step(applied(UP, moved(49)).recording, running(), turn_at(70), FIVE).recording
    row = applied(row, left(16, 300), seconds=300).recording

    assert step(row, running(), turn_at(301), NOT_FOUND, SOMEBODY).recording.reason is Reason.LEFT


@pytest.mark.parametrize("notification", [left(4), left(2), exited(0)])
def test_stopping_a_recorder_that_just_left_has_no_grace_period(notification: Notification) -> None:
    row = changed(applied(UP, notification).recording, stop_at=at(60), stop_by="U2")
    row = step(row, running(), turn_at(60)).recording
    change = step(row, running(), turn_at(61), NOT_FOUND, SOMEBODY)

    assert row.state is State.STOPPING
    assert (change.recording.state, change.alerts) == (State.UPLOADING, ())
    assert [recorder.wanted for recorder in change.recorders] == [False], "cleanup stops it until it is gone"


def test_an_abnormal_exit_is_a_crash_even_if_the_query_only_says_stopped() -> None:
    row = applied(UP, exited(1)).recording

    assert step(row, running(), turn_at(61), RecorderStatus(7)).recording.reason is Reason.CRASHED


def test_a_recorder_that_left_before_it_came_up_fails_at_once() -> None:
    row = applied(coming_up(next_step_at=at(75)), left(0)).recording
    change = step(row, running(), turn_at(61), NOT_FOUND)

    assert (change.recording.state, change.recording.reason) == (State.FAILED, Reason.CRASHED)


@pytest.mark.parametrize("state", [State.STOPPING, State.UPLOADING])
def test_an_exit_after_our_own_stop_raises_no_alert_and_is_queried_at_once(state: State) -> None:
    row = up(state=state, stop_reason=Reason.STOPPED, stop_at=at(40), stop_accepted_at=at(45), next_step_at=at(75))
    change = applied(row, left(2), exited(0))

    assert (change.recording.state, change.alerts) == (state, ())
    assert asks_now(change)


# moves and gaps


def test_a_move_interrupts_the_recording_and_is_queried_at_once_without_an_alert() -> None:
    change = applied(UP, moved(new_uid=77))

    assert (change.recording.state, change.alerts) == (State.INTERRUPTED, ())
    assert asks_now(change)
    assert [recorder.moved_uid for recorder in change.recorders] == [77]
    assert [recorder.uid for recorder in change.recorders] == [UID], "queries and stops still use the first uid"
    assert step(change.recording, running(), turn_at(70), FIVE).recording.state is State.RECORDING


def test_gaps_are_kept_and_each_of_them_once() -> None:
    row = applied(UP, gap(20, 72), seconds=80).recording
    again = applied(row, gap(20, 72), gap(100, 130), seconds=140).recording

    assert again.reported.gaps == (Gap(begun_at=at(20), ended_at=at(72)), Gap(begun_at=at(100), ended_at=at(130)))


def test_a_gap_that_two_servers_report_slightly_differently_is_one_gap() -> None:
    row = applied(UP, gap(20, 72), gap(20.4, 72.3)).recording

    assert row.reported.gaps == (Gap(begun_at=at(20), ended_at=at(72.3)),)


def test_a_notification_without_news_of_the_recorder_does_not_write_its_row() -> None:
    assert applied(UP, sound(True), progress(100), gap(20, 40)).recorders == ()


def test_upload_progress_changes_the_card_in_tenths_only() -> None:
    row = up(state=State.UPLOADING, ended_at=at(40))
    shown = {applied(row, progress(done)).recording.card_content for done in range(0, 10_001, 100)}

    assert len(shown) == 11


def test_a_slice_that_follows_the_one_before_is_not_a_gap() -> None:
    assert applied(UP, gap(50, 50), gap(50, 50.4)).recording.reported.gaps == ()


# uploads


@pytest.mark.parametrize(
    "notification", [upload_error(32), upload_error(47), upload_error(51), upload_error(50, module=2)]
)
def test_failing_uploads_are_one_warning_and_one_recovery(notification: Notification) -> None:
    warned = applied(UP, notification)
    assert raised(warned) == [("recording_warning", "upload_failing")]

    again = applied(warned.recording, upload_error(47, 55))
    assert again.alerts == ()

    well = applied(again.recording, progress(5000, 58))
    assert raised(well) == [("recording_recovered", "upload_failing")]


def test_uploads_that_fail_by_turns_are_no_flood_of_alerts() -> None:
    row = UP
    messages: list[tuple[str, str]] = []
    for minute in range(1, 21):
        for notification in (upload_error(47, 60 * minute), progress(minute, 60 * minute + 30)):
            change = applied(row, notification, seconds=(notification.sent_at - at(0)).total_seconds())
            row, messages = change.recording, [*messages, *raised(change)]

    assert messages == [("recording_warning", "upload_failing"), ("recording_recovered", "upload_failing")] * 2


def test_other_errors_raise_no_warning() -> None:
    assert (
        applied(
            UP, upload_error(52, module=2), upload_error(47, module=0), new_notification(NotificationEvent.WARNING)
        ).alerts
        == ()
    )


def test_an_upload_error_that_arrives_after_newer_progress_raises_no_warning() -> None:
    assert applied(UP, progress(5000, 58), upload_error(47, 50)).alerts == ()


def test_a_fatal_error_makes_a_query_happen_at_once() -> None:
    assert asks_now(applied(UP, upload_error(1, module=0, level=5)))
    assert not asks_now(applied(UP, upload_error(1, module=0, level=4)))


def test_the_description_of_an_error_names_the_module_and_the_problem() -> None:
    assert describe_error(upload_error(32)) == "the storage settings are wrong: upload failed"
    assert describe_error(upload_error(99, module=0)) == "the recorder: upload failed"
    assert describe_error(moved()) == ""


DELIVERY = up(state=State.UPLOADING, files_awaited=True, ended_at=at(40), next_step_at=at(75))


@pytest.mark.parametrize(
    ("event", "status"), [(NotificationEvent.UPLOADED, "uploaded"), (NotificationEvent.IN_BACKUP, "backuped")]
)
def test_a_reported_upload_is_checked_in_the_bucket_at_once(event: NotificationEvent, status: str) -> None:
    change = applied(DELIVERY, new_notification(event, files=("a.m3u8", "a_0.mp4")))

    assert asks_now(change)
    assert change.recording.files == ("a.m3u8", "a_0.mp4")
    assert change.recording.uploading_status == status


def test_files_uploaded_after_they_were_in_the_backup_are_in_the_bucket() -> None:
    notifications = new_notification(NotificationEvent.UPLOADED, 55), new_notification(NotificationEvent.IN_BACKUP, 50)

    assert applied(DELIVERY, *notifications).recording.uploading_status == "uploaded"


def test_progress_never_decreases() -> None:
    row = applied(DELIVERY, progress(7000, 55), progress(3000, 50)).recording

    assert row.reported.progress == 7000


# silence


def test_silence_with_people_present_is_one_warning_and_one_recovery() -> None:
    row = applied(UP, sound(True, 12), sound(False, 50)).recording
    early = step(row, running(), turn_at(169), FIVE, SOMEBODY)
    assert early.alerts == ()

    warned = step(early.recording, running(), turn_at(170), FIVE, SOMEBODY)
    assert raised(warned) == [("recording_warning", "silent")]
    assert step(warned.recording, running(), turn_at(200), FIVE, SOMEBODY).alerts == ()

    well = applied(warned.recording, sound(True, 210), seconds=211)
    assert raised(well) == [("recording_recovered", "silent")]
    assert applied(well.recording, sound(True, 212), seconds=213).alerts == ()


def test_a_query_happens_when_the_silence_has_lasted_long_enough() -> None:
    change = applied(replace(UP, next_step_at=at(178)), sound(False, 50), seconds=150)

    assert change.recording.next_step_at == at(170)


@pytest.mark.parametrize("users", [EMPTY, None])
def test_silence_in_an_empty_call_raises_no_warning(users: object) -> None:
    row = applied(UP, sound(False, 50)).recording

    assert step(row, running(), turn_at(500), FIVE, users).alerts == ()  # type: ignore[arg-type]


def test_one_audible_person_is_enough_and_video_is_not_audio() -> None:
    row = applied(UP, sound(False, 40, 1), sound(True, 30, 2), picture(True, 20)).recording
    assert row.reported.silent_since is None

    row = applied(row, sound(False, 55, 2)).recording
    assert row.reported.silent_since == at(55)


# early, late and foreign notifications


def test_a_sid_whose_answer_was_lost_is_learned_from_a_notification() -> None:
    before = with_card(next_step_at=at(75))
    change = applied(before, new_notification(NotificationEvent.STARTED), recorder=started())

    assert change.recording.sid == "SID"
    assert [recorder.sid for recorder in change.recorders] == ["SID"]
    assert asks_now(change)


def test_no_sid_is_learned_from_a_notification_with_another_uid() -> None:
    change = applied(with_card(), new_notification(NotificationEvent.STARTED, uid=5), recorder=started())

    assert change.recording.sid is None


@pytest.mark.parametrize("notification", [left(4, sid="OTHER"), exited(1, sid="OTHER"), upload_error(47)])
def test_notifications_about_another_recorder_change_nothing(notification: Notification) -> None:
    row = replace(UP, sid="THIS")
    change = apply(row, running(sid="THIS"), [notification], turn_at(60))

    assert (change.recording, change.alerts, change.processed) == (row, (), (notification.id,))


@pytest.mark.parametrize("event", NotificationEvent)
def test_after_the_end_no_notification_changes_the_state_or_raises_an_alert(event: NotificationEvent) -> None:
    notification = new_notification(event, code=1, module=1, new_uid=9, files=("late.mp4",))
    change = applied(over(next_step_at=at(75)), notification)

    assert (change.recording.state, change.recording.reason, change.alerts) == (State.ENDED, Reason.STOPPED, ())
    assert change.processed == (notification.id,)


def test_the_first_playlist_proves_the_first_file() -> None:
    row = up(first_file_at=None, status=4, people_since=at(10))
    change = applied(row, new_notification(NotificationEvent.PLAYLIST, 40, files=("a.m3u8",)))
    assert asks_now(change)
    assert change.recording.files == ("a.m3u8",)

    after = step(change.recording, running(), turn_at(61), RecorderStatus(4), SOMEBODY)
    assert after.recording.first_file_at == at(40)


def test_a_first_playlist_reported_before_the_recorder_is_found_is_not_lost() -> None:
    row = applied(coming_up(), new_notification(NotificationEvent.PLAYLIST, 5)).recording
    after = step(row, running(), turn_at(10), RecorderStatus(4), SOMEBODY).recording

    assert (after.started_at, after.first_file_at) == (at(10), at(10)), "no file is older than the recording"


def test_a_first_playlist_ends_the_warning_that_nothing_is_stored() -> None:
    row = up(first_file_at=None, status=4, nothing_stored_warned_at=at(130), next_step_at=at(150))
    row = applied(row, new_notification(NotificationEvent.PLAYLIST, 140), seconds=140).recording

    assert raised(step(row, running(), turn_at(140), RecorderStatus(4), SOMEBODY)) == [
        ("recording_recovered", "nothing_stored")
    ]


@pytest.mark.parametrize("ahead", [-300, 300])
def test_a_wrong_clock_at_agora_puts_no_first_file_before_the_start_or_in_the_future(ahead: float) -> None:
    row = up(first_file_at=None, status=4)
    row = applied(row, new_notification(NotificationEvent.PLAYLIST, 40 + ahead, received_at=at(40))).recording
    after = step(row, running(), turn_at(61), RecorderStatus(4), SOMEBODY).recording

    assert at(10) <= (after.first_file_at or at(1e6)) <= at(61)


@pytest.mark.parametrize("ahead", [-300, 0, 300])
def test_silence_is_counted_by_the_bots_clock(ahead: float) -> None:
    row = applied(UP, replace(sound(False, 50 + ahead), received_at=at(50))).recording

    assert step(row, running(), turn_at(169), FIVE, SOMEBODY).alerts == ()
    assert raised(step(row, running(), turn_at(170), FIVE, SOMEBODY)) == [("recording_warning", "silent")]


def test_uploaded_and_started_with_an_error_status_are_ignored() -> None:
    row = applied(
        DELIVERY,
        new_notification(NotificationEvent.UPLOADED, code=1),
        new_notification(NotificationEvent.STARTED, code=1),
    ).recording

    assert (row.uploading_status, row.reported.up_at) == ("", None)


def test_a_missed_start_notification_is_noted_without_an_alert() -> None:
    policy = replace(turn_at(0).policy, expects_notifications=True)
    missed = step(UP, running(), turn_at(41, policy), FIVE)
    assert missed.recording.reported.notification_missed
    assert missed.alerts == ()

    reported = step(
        applied(UP, new_notification(NotificationEvent.STARTED, 10)).recording, running(), turn_at(100, policy), FIVE
    )
    assert not reported.recording.reported.notification_missed


# any order

ANY = st.lists(
    st.one_of(
        st.builds(left, st.sampled_from([0, 2, 4, 6, 16]), st.integers(20, 90)),
        st.builds(exited, st.sampled_from([0, 1]), st.integers(20, 90)),
        st.builds(moved, st.integers(20, 90), st.integers(1, 9)),
        st.builds(gap, st.integers(20, 50), st.integers(50, 90)),
        st.builds(sound, st.booleans(), st.integers(20, 90), st.integers(0, 2)),
        st.builds(picture, st.booleans(), st.integers(20, 90), st.integers(0, 2)),
        st.builds(upload_error, st.sampled_from([32, 47, 51]), st.integers(20, 90)),
        st.builds(progress, st.sampled_from([0, 3000, 5000, 10_000]), st.integers(20, 90)),
        st.builds(
            new_notification,
            st.sampled_from([NotificationEvent.STARTED, NotificationEvent.UPLOADED, NotificationEvent.IN_BACKUP]),
            st.integers(20, 90),
        ),
        st.builds(new_notification, st.just(NotificationEvent.PLAYLIST), st.integers(20, 90)),
        st.builds(
            lambda name, when: new_notification(NotificationEvent.UPLOADED, when, files=(name,)),
            st.sampled_from(["a.mp4", "b.mp4"]),
            st.integers(20, 90),
        ),
    ),
    max_size=8,
)


def known(row: Recording, recorder: Recorder) -> tuple[object, ...]:
    raised = replace(
        row.reported, notifications=0, upload_warning_open=False, upload_warned_at=None, silence_warning_open=False
    )
    return raised, row.state, row.reason, row.sid, set(row.files), row.uploading_status, row.first_file_at, recorder


@given(notifications=ANY, data=st.data())
def test_order_batches_and_repetition_make_no_difference(
    notifications: list[Notification], data: st.DataObject
) -> None:
    in_order = sorted(notifications, key=lambda notification: (notification.sent_at, notification.id))
    shuffled = (
        data.draw(st.permutations(notifications + data.draw(st.lists(st.sampled_from(notifications or [left(4)])))))
        if notifications
        else []
    )
    ends = []
    for sequence in (in_order, shuffled):
        row, recorder = UP, running()
        remaining = list(sequence)
        while remaining:
            size = data.draw(st.integers(1, len(remaining)))
            batch, remaining = remaining[:size], remaining[size:]
            change = apply(row, recorder, batch, turn_at(100))
            row, recorder = change.recording, next(iter(change.recorders), recorder)
        ends.append(known(row, recorder))
    assert ends[0] == ends[1]


@given(notifications=ANY)
def test_no_notification_ends_a_recording(notifications: list[Notification]) -> None:
    change = apply(UP, running(), notifications, turn_at(100))

    assert change.recording.state in (State.RECORDING, State.INTERRUPTED)
    assert change.recording.next_step_at <= max(UP.next_step_at, at(100))
    assert all(str(alert.kind) in ("recording_warning", "recording_recovered") for alert in change.alerts)
    assert timedelta(0) <= change.recording.next_step_at - at(0)
