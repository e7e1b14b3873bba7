"""A lost recorder: what the recording keeps, what starts again, and which alerts are raised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recordings.errors import Overloaded
from recordings.lifecycle import notifications
from recordings.lifecycle.actions import Acquire, Action, AllocateRecorder, Change, Query, Reevaluate, Start
from recordings.lifecycle.decide import needs_listing, needs_users
from recordings.lifecycle.policy import Policy
from recordings.model.audit import AuditAction, Source
from recordings.model.notifications import NotificationEvent
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import ChannelUsers, ExitCause, Gap, RecorderStatus, Reported
from tests.fakes.notifications import exited, gap, left, moved, new_notification, sound
from tests.fakes.rows import UID, a_lost_segment, acquired, at, changed, running, started, turn_at, up
from tests.fakes.steps import (
    EMPTY,
    NOT_FOUND,
    NOTHING_RECORDED,
    SOMEBODY,
    UNUSABLE,
    next_action,
    step,
)

FOUR, FIVE = RecorderStatus(4), RecorderStatus(5)
NEARLY_LOST = up(state=State.INTERRUPTED, not_found=9, not_found_since=at(40), found_at=at(30), files=("a.m3u8",))
SEGMENT = a_lost_segment(sid="SID", resumed_at=None)
LOST = up(
    state=State.INTERRUPTED,
    lost_segments=(SEGMENT,),
    recorder_id=None,
    sid=None,
    status=None,
    first_file_at=None,
    attempt_started_at=at(160),
    next_step_at=at(160),
)
"""The first recorder was lost at 160 s; no step was taken since."""
COMING = replace(LOST, recorder_id="rec1.2", recorder_count=2, sid="SID2")
"""The second recorder has a sid."""
SECOND = running(id="rec1.2", uid=UID + 1, sid="SID2", sid_at=at(165), created_at=at(161), segment_number=2)


def raised(change: Change) -> list[tuple[str, str]]:
    return [(str(alert.kind), str(alert.reason)) for alert in change.alerts]


def lost(row: Recording = NEARLY_LOST, users: ChannelUsers | None = SOMEBODY, policy: Policy | None = None) -> Change:
    """The last query, 160 s after the request, does not find the recorder."""
    return step(row, running(), turn_at(160, policy), NOT_FOUND, users)


# the loss


@pytest.mark.parametrize("users", [SOMEBODY, None])
def test_a_loss_with_people_or_without_a_user_list_is_neither_an_end_nor_an_alert(users: ChannelUsers | None) -> None:
    change = lost(users=users)
    row = change.recording

    assert (row.state, row.reason, row.next_step_at) == (State.INTERRUPTED, None, at(160))
    assert (row.recorder_id, row.sid, row.segment_number, row.is_starting) == (None, None, 2, True)
    assert change.alerts == ()
    assert [(r.wanted, r.gone_at) for r in change.recorders] == [(False, None)], "it is stopped in case it comes back"


def test_the_facts_of_the_lost_segment_are_kept() -> None:
    (segment,) = lost().recording.lost_segments

    assert (segment.sid, segment.uid, segment.resource_id, segment.files) == ("SID", UID, "RES", ("a.m3u8",))
    assert (segment.up_at, segment.found_at, segment.lost_at, segment.resumed_at) == (at(10), at(30), at(160), None)


@pytest.mark.parametrize(
    ("row", "users", "policy"),
    [
        (NEARLY_LOST, SOMEBODY, Policy(max_resumes=0)),
        (NEARLY_LOST, EMPTY, Policy()),
        (replace(NEARLY_LOST, lost_segments=(replace(SEGMENT, resumed_at=at(20)),) * 3), SOMEBODY, Policy()),
        (changed(NEARLY_LOST, found_at=at(160 - 3721)), SOMEBODY, Policy()),
    ],
    ids=["switched off", "empty channel", "fourth time", "maybe another call"],
)
def test_a_loss_is_a_failure_if_no_other_recorder_should_follow(
    row: Recording, users: ChannelUsers, policy: Policy
) -> None:
    change = lost(row, users, policy)

    assert (change.recording.state, change.recording.reason) == (State.FAILED, Reason.LOST)
    assert raised(change) == [("recording_failed", "lost")]
    assert change.recording.lost_segments == row.lost_segments


def test_only_a_lost_recorder_is_replaced() -> None:
    crashed = step(up(), running(), turn_at(160), RecorderStatus(20))
    kicked = step(
        replace(NEARLY_LOST, reported=Reported(exit_cause=ExitCause.LEFT, exit_received_at=at(150))),
        running(),
        turn_at(160),
        NOT_FOUND,
        SOMEBODY,
    )

    assert crashed.recording.reason is Reason.CRASHED
    assert kicked.recording.reason is Reason.LEFT


# the next recorder starts


def test_the_next_recorder_has_its_own_uid_and_no_second_card() -> None:
    row = LOST
    recorder: Recorder | None = None
    for action, answer in ((AllocateRecorder(), UID + 1), (Acquire(), "RES2"), (Start(first=True), "SID2")):
        assert next_action(row, recorder, turn_at(160)) == action
        change = step(row, recorder, turn_at(160), answer)
        row, (recorder,) = change.recording, change.recorders
        assert row.state is State.INTERRUPTED
        if not isinstance(action, Start):
            assert row.next_step_at == at(160), "the next step is at once"
    assert recorder is not None
    assert (row.sid, recorder.id, recorder.uid, recorder.segment_number) == ("SID2", "rec1.2", UID + 1, 2)
    assert next_action(row, recorder, turn_at(165)) == Query()


def test_the_start_timeout_counts_from_the_loss() -> None:
    tried = replace(LOST, recorder_count=2)
    assert next_action(tried, None, turn_at(249)) == AllocateRecorder()
    assert next_action(tried, None, turn_at(250)) == Reevaluate()
    change = step(tried, None, turn_at(250))

    assert (change.recording.state, change.recording.reason) == (State.FAILED, Reason.UNAVAILABLE)
    assert raised(change) == [("recording_failed", "unavailable")]


def test_the_start_timeout_counts_from_the_first_try_if_no_replica_led_since_the_loss() -> None:
    assert next_action(LOST, None, turn_at(600)) == AllocateRecorder()
    allocated = step(LOST, None, turn_at(600), UID + 1)
    row, (recorder,) = allocated.recording, allocated.recorders

    assert next_action(row, recorder, turn_at(689)) == Acquire()
    assert next_action(row, recorder, turn_at(690)) == Reevaluate()
    assert step(LOST, None, turn_at(161), UID + 1).recording.attempt_started_at == at(160), "otherwise from the loss"


def test_a_loss_so_long_ago_that_it_may_be_another_call_is_a_failure() -> None:
    long_after = 30 + 120 + 3600
    assert next_action(LOST, None, turn_at(long_after - 1)) == AllocateRecorder()
    change = step(LOST, None, turn_at(long_after))

    assert (change.recording.state, change.recording.reason) == (State.FAILED, Reason.LOST)
    assert raised(change) == [("recording_failed", "lost")]


def test_recorders_of_earlier_segments_do_not_count_as_tries() -> None:
    row = replace(LOST, recorder_id="rec1.9", recorder_count=9, lost_segments=(replace(SEGMENT, recorder_count=8),))
    change = step(row, acquired(id="rec1.9"), turn_at(161), UNUSABLE["500"])

    assert change.recording.state is State.INTERRUPTED


def test_a_refusal_is_a_failure_with_its_own_reason() -> None:
    row = replace(LOST, recorder_id="rec1.2", recorder_count=2)
    change = step(row, acquired(id="rec1.2"), turn_at(161), Overloaded("vendor_over_load", http_status=400, code=406))

    assert (change.recording.state, change.recording.reason) == (State.FAILED, Reason.OVERLOADED)
    assert change.recording.awaiting_segment
    assert change.recording.files_awaited, "the files of the first segment are checked"


def test_a_next_recorder_that_does_not_come_up_in_time_is_never_started() -> None:
    change = step(COMING, SECOND, turn_at(255), NOT_FOUND, SOMEBODY)

    assert (change.recording.state, change.recording.reason) == (State.FAILED, Reason.NEVER_STARTED)
    assert [r.wanted for r in change.recorders] == [False]


def test_a_next_recorder_not_found_twice_in_an_empty_channel_is_an_end() -> None:
    first = step(COMING, SECOND, turn_at(166), NOT_FOUND, EMPTY)
    change = step(first.recording, SECOND, turn_at(171), NOT_FOUND, EMPTY)

    assert first.recording.state is State.INTERRUPTED
    assert (change.recording.state, change.recording.reason) == (State.ENDED, Reason.IDLE)


RECORDERS: dict[str, Recorder | None] = {"none": None, "acquired": acquired(id="rec1.2")}


@pytest.mark.parametrize("recorder", RECORDERS.values(), ids=RECORDERS)
def test_a_stop_before_the_next_recorder_starts_leads_to_the_delivery_check(recorder: Recorder | None) -> None:
    row = changed(LOST, stop_at=at(170), stop_by="U2", recorder_id=recorder.id if recorder else None)
    assert next_action(row, recorder, turn_at(170)) == Reevaluate()
    change = step(row, recorder, turn_at(170))

    assert (change.recording.state, change.recording.files_awaited) == (State.UPLOADING, True)
    assert (change.recording.stop_reason, change.recording.ended_at) == (Reason.STOPPED, at(170))
    assert change.alerts == ()
    assert all(r.gone_at is not None for r in change.recorders)


def test_a_stop_during_an_unanswered_start_waits_until_that_recorder_is_gone() -> None:
    row = changed(LOST, stop_at=at(170), stop_by="U2", recorder_id="rec1.2")
    change = step(row, started(id="rec1.2"), turn_at(170))

    assert change.recording.state is State.STOPPING
    assert [(r.wanted, r.gone_at) for r in change.recorders] == [(False, None)]


def test_the_time_limit_applies_while_the_next_recorder_starts() -> None:
    change = step(LOST, None, turn_at(170, Policy(max_duration=150)))

    assert (change.recording.state, change.recording.stop_reason) == (State.UPLOADING, Reason.TIME_LIMIT)
    assert raised(change) == [("recording_ended", "time_limit")]
    assert [audit_event.what for audit_event in change.audit_events] == [AuditAction.STOPPED]
    assert change.only_if_unchanged, "somebody may extend it at that moment"


def test_the_end_warning_does_not_delay_the_next_recorder() -> None:
    policy = Policy(max_duration=300)
    change = step(changed(LOST, queried_at=at(160)), None, turn_at(255, policy))
    assert raised(change) == [("recording_warning", "ending_soon")]
    assert change.recording.next_step_at == at(255)
    assert next_action(change.recording, None, turn_at(255, replace(policy, start_timeout=200))) == AllocateRecorder()


def test_nothing_recorded_in_the_last_segment_does_not_make_the_recording_empty() -> None:
    row = replace(
        COMING, state=State.STOPPING, stop_reason=Reason.STOPPED, lost_segments=(replace(SEGMENT, resumed_at=at(170)),)
    )
    change = step(row, SECOND, turn_at(200), NOTHING_RECORDED)

    assert (change.recording.state, change.recording.stop_reason) == (State.UPLOADING, Reason.STOPPED)
    assert change.recording.files_awaited


# the next recorder is up


@pytest.mark.parametrize("answer", [FOUR, FIVE])
def test_when_the_next_recorder_is_up_there_is_one_warning_with_the_gap(answer: RecorderStatus) -> None:
    change = step(COMING, SECOND, turn_at(170), answer, SOMEBODY)
    row = change.recording

    assert (row.state, row.started_at, row.up_at) == (State.RECORDING, at(10), at(170))
    assert raised(change) == [("recording_warning", "lost")]
    assert change.alerts[0].recording == row
    assert row.gaps == (Gap(begun_at=at(30), ended_at=at(170)),)
    assert row.first_file_at == (at(170) if answer is FIVE else None)
    assert [(audit_event.who, audit_event.what, audit_event.source) for audit_event in change.audit_events] == [
        ("", AuditAction.RESUMED, Source.LOSS)
    ]


def test_each_lost_segment_is_one_warning() -> None:
    again = step(COMING, SECOND, turn_at(170), FIVE).recording
    assert step(again, SECOND, turn_at(200), FIVE).alerts == ()

    third = replace(
        COMING, lost_segments=(replace(SEGMENT, resumed_at=at(150)), replace(SEGMENT, sid="SID1", resumed_at=None))
    )
    causes = [step(row, SECOND, turn_at(170), FIVE).alerts[0].cause for row in (COMING, third)]
    assert causes == ["lost-2", "lost-3"]


def test_the_warning_that_nothing_is_stored_applies_to_the_new_segment_too() -> None:
    row = step(COMING, SECOND, turn_at(170), FOUR, SOMEBODY).recording
    assert needs_users(row, Query(), FOUR, turn_at(200))
    assert needs_listing(row, Query(), FOUR)
    assert not needs_listing(COMING, Query(), FOUR), "it is not up yet"
    for seconds in (200, 230, 260):
        row = step(row, SECOND, turn_at(seconds), FOUR, SOMEBODY).recording
    change = step(row, SECOND, turn_at(290), FOUR, SOMEBODY)

    assert [(alert.reason, alert.cause) for alert in change.alerts] == [(Reason.NOTHING_STORED, "nothing_stored-2")]
    stored = step(change.recording, SECOND, turn_at(330), FIVE)
    assert raised(stored) == [("recording_recovered", "nothing_stored")]


def test_an_open_warning_that_nothing_is_stored_is_not_repeated() -> None:
    row = lost(replace(NEARLY_LOST, first_file_at=None, nothing_stored_warned_at=at(35))).recording
    assert row.nothing_stored_warned_at == at(35)

    stored = lost(replace(NEARLY_LOST, nothing_stored_warned_at=at(5))).recording
    assert stored.nothing_stored_warned_at is None


def test_facts_about_the_lost_recorder_are_dropped_and_open_warnings_are_kept() -> None:
    before = Reported(
        notifications=7,
        up_at=at(1),
        moving=True,
        moved_at=at(35),
        stored_at=at(9),
        gaps=(Gap(begun_at=at(12), ended_at=at(14)),),
        upload_error_at=at(20),
        upload_warning_open=True,
        upload_warned_at=at(21),
        uploaded_at=at(22),
        progress=500,
        progress_at=at(19),
        notification_missed=True,
    )
    row = lost(replace(NEARLY_LOST, reported=before)).recording

    assert row.reported == Reported(
        notifications=7, gaps=before.gaps, upload_error_at=at(20), upload_warning_open=True, upload_warned_at=at(21)
    )
    assert (row.lost_segments[0].moved_at, row.lost_segments[0].uploaded_at) == (at(35), at(22))


def test_the_silence_warning_stays_open_until_somebody_is_heard() -> None:
    silent = notifications.apply(NEARLY_LOST, running(), [sound(False, 32)], turn_at(32)).recording
    row = lost(replace(silent, reported=replace(silent.reported, silence_warning_open=True))).recording
    row = step(
        replace(COMING, reported=row.reported, lost_segments=row.lost_segments), SECOND, turn_at(170), FIVE
    ).recording
    assert row.reported.silence_warning_open

    change = notifications.apply(row, SECOND, [replace(sound(True, 175), sid="SID2")], turn_at(175))
    assert raised(change) == [("recording_recovered", "silent")]


# notifications

RESUMED = changed(COMING, state=State.RECORDING, lost_segments=(replace(SEGMENT, resumed_at=at(170)),), status=5)


@pytest.mark.parametrize("received", [[exited(0, 42), left(16, 40)], [left(16, 42)], [exited(1, 42)]])
def test_the_gap_begins_with_the_exit_that_agora_reported_late(received: list[Any]) -> None:
    change = notifications.apply(RESUMED, SECOND, received, turn_at(180))

    assert change.recording.gaps == (Gap(begun_at=at(42), ended_at=at(170)),)
    assert change.recording == replace(
        RESUMED,
        lost_segments=change.recording.lost_segments,
        reported=replace(RESUMED.reported, notifications=len(received)),
    ), "nothing else changes"
    assert change.processed == tuple(notification.id for notification in received)
    assert (change.recorders, change.alerts) == ((), ())


def test_an_exit_before_the_recorder_was_found_again_does_not_begin_the_gap() -> None:
    change = notifications.apply(RESUMED, SECOND, [left(2, 15, received_at=at(175))], turn_at(180))

    assert change.recording.gaps == (Gap(begun_at=at(30), ended_at=at(170)),)


def test_a_clock_of_agora_that_is_ahead_hides_no_gap() -> None:
    change = notifications.apply(RESUMED, SECOND, [left(16, 342, received_at=at(43))], turn_at(180))

    assert change.recording.gaps == (Gap(begun_at=at(43), ended_at=at(170)),)


def test_a_lost_recorder_that_went_on_recording_leaves_no_gap() -> None:
    assert notifications.apply(RESUMED, SECOND, [left(2, 180)], turn_at(181)).recording.gaps == ()


def test_a_reported_gap_replaces_the_computed_one() -> None:
    of_the_new_one = replace(gap(44, 168), sid="SID2")
    change = notifications.apply(RESUMED, SECOND, [of_the_new_one], turn_at(180))

    assert change.recording.gaps == (Gap(begun_at=at(44), ended_at=at(168)),)


def test_a_gap_that_ended_before_the_loss_is_another_gap() -> None:
    change = notifications.apply(RESUMED, SECOND, [gap(12, 35)], turn_at(180))

    assert change.recording.gaps == (
        Gap(begun_at=at(12), ended_at=at(35)),
        Gap(begun_at=at(35), ended_at=at(170)),
    )


def test_the_gap_ends_with_the_reported_start_of_the_next_recorder() -> None:
    change = notifications.apply(
        COMING, SECOND, [new_notification(NotificationEvent.STARTED, 166, sid="SID2", uid=UID + 1)], turn_at(167)
    )
    row = step(change.recording, SECOND, turn_at(170), FIVE).recording

    assert row.gaps == (Gap(begun_at=at(30), ended_at=at(166)),)


def test_the_gap_begins_with_a_move_that_never_ended() -> None:
    row = notifications.apply(replace(NEARLY_LOST, reported=Reported()), running(), [moved(36)], turn_at(41)).recording
    row = lost(row).recording
    row = step(replace(COMING, lost_segments=row.lost_segments), SECOND, turn_at(170), FIVE).recording

    assert row.gaps == (Gap(begun_at=at(36), ended_at=at(170)),)


LATE = {
    "uploaded": new_notification(NotificationEvent.UPLOADED, 180, files=("a.m3u8", "b.mp4")),
    "in backup": new_notification(NotificationEvent.IN_BACKUP, 180),
    "moved": moved(180),
    "playlist": new_notification(NotificationEvent.PLAYLIST, 180, files=("b.mp4",)),
    "started": new_notification(NotificationEvent.STARTED, 180),
    "sound": sound(False, 180),
}


@pytest.mark.parametrize("name", LATE)
def test_late_notifications_about_an_earlier_segment_do_not_change_the_current_one(name: str) -> None:
    row = notifications.apply(RESUMED, SECOND, [LATE[name]], turn_at(181)).recording

    assert replace(row, lost_segments=(), reported=Reported()) == replace(
        RESUMED, lost_segments=(), reported=Reported()
    )
    assert replace(row.reported, notifications=0) == Reported()
    assert row.lost_segments[0].files == tuple(LATE[name].files)
    assert row.lost_segments[0].uploading_status == {"uploaded": "uploaded", "in backup": "backuped"}.get(name, "")


def test_a_notification_about_an_earlier_segment_gives_no_sid_to_the_next_recorder() -> None:
    row = replace(LOST, recorder_id="rec1.2", recorder_count=2)
    change = notifications.apply(row, started(id="rec1.2", uid=UID + 1), [left(16, 40)], turn_at(165))

    assert (change.recording.sid, change.recorders, change.recording.next_step_at) == (None, (), at(160))


def test_a_notification_about_the_next_recorder_gives_it_its_sid() -> None:
    row = replace(LOST, recorder_id="rec1.2", recorder_count=2)
    start = new_notification(NotificationEvent.STARTED, 164, sid="SID2", uid=UID + 1)
    change = notifications.apply(row, started(id="rec1.2", uid=UID + 1), [left(16, 40), start], turn_at(165))

    assert (change.recording.sid, [r.sid for r in change.recorders]) == ("SID2", ["SID2"])


def test_the_actions_are_those_of_a_start() -> None:
    actions: list[Action] = [next_action(LOST, None, turn_at(161)), next_action(COMING, SECOND, turn_at(170))]

    assert actions == [AllocateRecorder(), Query()]
