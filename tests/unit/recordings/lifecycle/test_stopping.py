"""From the request to stop until Agora agrees that the recorder is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.errors import AgoraError
from recordings.lifecycle.actions import Change, CheckFiles, Query, Reevaluate, Stop
from recordings.lifecycle.stopping import begin
from recordings.model.audit import AuditAction, Source
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from tests.fakes.rows import (
    a_recorder,
    a_recording,
    acquired,
    at,
    changed,
    coming_up,
    running,
    started,
    turn_at,
    up,
    with_card,
)
from tests.fakes.steps import (
    EMPTY,
    LEAVING,
    NOT_FOUND,
    NOTHING_RECORDED,
    ONLY_AN_AUDIENCE,
    ONLY_THE_RECORDER,
    SOMEBODY,
    UNUSABLE,
    next_action,
    step,
)

STOP_REQUEST = {"stop_at": at(50), "stop_by": "U2"}
STOPPING = up(state=State.STOPPING, stop_reason=Reason.STOPPED, **STOP_REQUEST)
UPLOADING = changed(STOPPING, state=State.UPLOADING, stop_accepted_at=at(60), status=None)


def outcome(change: Change) -> tuple[State, Reason | None]:
    return change.recording.state, change.recording.reason


# an answer that can't be read


def test_a_stop_is_repeated_however_long_its_answer_can_not_be_read() -> None:
    recording = step(STOPPING, running(), turn_at(9000), UNUSABLE["status 99"]).recording

    assert recording.state is State.STOPPING
    assert next_action(recording, running(), turn_at(9999)) == Stop()


def test_files_are_checked_although_the_status_of_a_stopped_recorder_can_not_be_read() -> None:
    """It may still run: it is stepped until Agora agrees that it is gone."""
    soon = step(UPLOADING, running(), turn_at(70), UNUSABLE["status 99"])
    late = step(UPLOADING, running(), turn_at(180), UNUSABLE["status 99"])

    assert (soon.recording.state, soon.recording.files_awaited) == (State.UPLOADING, False)
    assert (late.recording.state, late.recording.files_awaited) == (State.UPLOADING, True)
    assert [(recorder.wanted, recorder.gone_at) for recorder in late.recorders] == [(False, None)]


# the request


@pytest.mark.parametrize("recorder", [None, a_recorder(), acquired()])
@pytest.mark.parametrize(
    "before", [a_recording(**STOP_REQUEST), with_card(**STOP_REQUEST)], ids=["no card", "with card"]
)
def test_a_recording_stopped_before_its_start_ends_at_once(before: Recording, recorder: Recorder | None) -> None:
    assert next_action(before, recorder, turn_at(50)) == Reevaluate()
    after = step(before, recorder, turn_at(50))

    assert outcome(after) == (State.ENDED, Reason.STOPPED)
    assert after.alerts == ()
    assert all((r.wanted, r.gone_at) == (False, at(50)) for r in after.recorders)


@pytest.mark.parametrize(
    "before", [coming_up(**STOP_REQUEST), up(**STOP_REQUEST), up(state=State.INTERRUPTED, **STOP_REQUEST)]
)
def test_a_recorder_with_a_sid_is_stopped(before: Recording) -> None:
    assert next_action(before, running(), turn_at(50)) == Reevaluate()
    after = step(before, running(), turn_at(50))

    assert (after.recording.state, after.recording.stop_reason) == (State.STOPPING, Reason.STOPPED)
    assert after.recording.next_step_at == at(50)
    assert after.recorders == (), "it stays wanted until it is stopped"
    assert next_action(after.recording, running(), turn_at(50)) == Stop()


def test_a_recording_with_an_unanswered_start_waits_until_that_recorder_is_gone() -> None:
    after = step(with_card(**STOP_REQUEST), started(), turn_at(50))
    assert after.recording.state is State.STOPPING
    assert [(r.wanted, r.gone_at) for r in after.recorders] == [(False, None)]

    (unwanted,) = after.recorders
    waiting = step(after.recording, unwanted, turn_at(55))
    assert (waiting.recording.state, waiting.recording.next_step_at) == (State.STOPPING, at(60))

    gone = replace(unwanted, gone_at=at(60))
    assert outcome(step(waiting.recording, gone, turn_at(60))) == (State.ENDED, Reason.STOPPED)


def test_a_removed_recorder_that_two_user_lists_lack_is_gone() -> None:
    stopping = replace(STOPPING, sid=None)

    assert step(stopping, started(wanted=False, absent=1), turn_at(60)).recording.state is State.STOPPING
    assert outcome(step(stopping, started(wanted=False, absent=2), turn_at(60))) == (State.ENDED, Reason.STOPPED)


def files_are_awaited(change: Change) -> bool:
    """Whether the recorder is gone and the next step is a delivery check."""
    row = change.recording
    checks = next_action(row, None, turn_at(100_000)) == CheckFiles()
    return row.state is State.UPLOADING and row.files_awaited and row.ended_at is not None and checks


# the stop


def test_an_accepted_stop_leads_to_uploading() -> None:
    answer = StopAccepted(("a.m3u8", "a_0.mp4"), "unknown")
    after = step(changed(STOPPING, files=("a.m3u8",), status=5), running(), turn_at(60), answer)

    assert after.recording.state is State.UPLOADING
    assert after.recording.files == ("a.m3u8", "a_0.mp4")
    assert (after.recording.stop_accepted_at, after.recording.uploading_status) == (at(60), "unknown")
    assert after.recording.next_step_at == at(65)
    assert after.alerts == ()


def test_nothing_recorded_ends_the_recording_as_such() -> None:
    after = step(STOPPING, running(), turn_at(60), NOTHING_RECORDED)

    assert outcome(after) == (State.ENDED, Reason.NO_MEDIA)
    assert [(r.wanted, r.gone_at) for r in after.recorders] == [(False, at(60))]
    assert after.alerts == (), "somebody here stopped it"


@pytest.mark.parametrize("answer", [NOT_FOUND, LEAVING])
@pytest.mark.parametrize("users", [EMPTY, ONLY_THE_RECORDER, ONLY_AN_AUDIENCE])
def test_a_recorder_already_gone_from_an_empty_channel_leads_to_the_delivery_check(
    answer: AgoraError, users: ChannelUsers
) -> None:
    after = step(STOPPING, running(), turn_at(60), answer, users)

    assert files_are_awaited(after)
    assert [r.wanted for r in after.recorders] == [False]


@pytest.mark.parametrize("answer", [NOT_FOUND, LEAVING])
@pytest.mark.parametrize("users", [SOMEBODY, None])
def test_a_recorder_not_found_with_people_present_is_gone_after_the_grace_period(
    answer: AgoraError, users: ChannelUsers | None
) -> None:
    row, waits = STOPPING, []
    for seconds in (60, 65, 75):
        row = step(row, running(), turn_at(seconds), answer, users).recording
        waits.append((row.next_step_at - at(seconds)).total_seconds())
    assert (row.state, waits) == (State.STOPPING, [5, 10, 15])

    row = step(row, running(), turn_at(179), answer, users).recording
    assert (row.state, row.next_step_at) == (State.STOPPING, at(180))
    after = step(row, running(), turn_at(180), answer, users)

    assert files_are_awaited(after)
    assert after.alerts == ()


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_stop_without_a_usable_answer_is_repeated(name: str) -> None:
    row, seconds = STOPPING, 60.0
    while seconds < 8000:
        assert next_action(row, running(), turn_at(seconds)) == Stop()
        row = step(row, running(), turn_at(seconds), UNUSABLE[name]).recording
        assert row.state is State.STOPPING
        wait = (row.next_step_at - at(seconds)).total_seconds()
        assert 0 < wait <= 30
        seconds += wait


def test_a_recorder_is_gone_when_its_token_has_expired() -> None:
    recorder = running(expires_at=at(86_400))
    assert next_action(STOPPING, recorder, turn_at(86_400)) == Reevaluate()

    after = step(STOPPING, recorder, turn_at(86_400))

    assert files_are_awaited(after)
    assert [r.gone_at for r in after.recorders] == [at(86_400)]


def test_a_stop_during_a_move_is_repeated_until_it_is_accepted() -> None:
    row = step(STOPPING, running(), turn_at(60), NOT_FOUND, SOMEBODY).recording
    row = step(row, running(), turn_at(65), StopAccepted()).recording

    assert row.state is State.UPLOADING


# after the stop


@pytest.mark.parametrize("answer", [NOT_FOUND, RecorderStatus(20)])
def test_files_are_checked_once_agora_does_not_find_the_recorder(answer: AgoraError | RecorderStatus) -> None:
    assert next_action(UPLOADING, running(), turn_at(65)) == Query()
    after = step(UPLOADING, running(), turn_at(65), answer)

    assert files_are_awaited(after)
    assert after.recording.ended_at == at(65)
    assert [(r.wanted, r.gone_at) for r in after.recorders] == [(False, at(65))]
    assert after.alerts == (), "somebody here stopped it"


@pytest.mark.parametrize("status", [7, 8])
def test_files_are_checked_once_the_status_is_7_or_8(status: int) -> None:
    after = step(UPLOADING, running(), turn_at(65), RecorderStatus(status, ("b.mp4",)))

    assert files_are_awaited(after)
    assert after.recording.files == ("b.mp4",)


def test_files_are_checked_while_a_recorder_keeps_leaving_past_the_grace_period() -> None:
    after = step(UPLOADING, running(), turn_at(400), RecorderStatus(6))

    assert files_are_awaited(after)
    assert [(recorder.wanted, recorder.gone_at) for recorder in after.recorders] == [(False, None)]


def test_a_recorder_that_is_leaving_is_queried_again_soon() -> None:
    after = step(UPLOADING, running(), turn_at(65), RecorderStatus(6, ("b.mp4",)))

    assert (after.recording.state, after.recording.next_step_at) == (State.UPLOADING, at(70))
    assert after.recording.files == ("b.mp4",)


def test_a_recorder_that_stays_after_an_accepted_stop_is_stopped_again() -> None:
    row = step(UPLOADING, running(), turn_at(65), RecorderStatus(5)).recording
    assert next_action(row, running(), turn_at(70)) == Query(), "leaving can take a moment"
    assert next_action(row, running(), turn_at(75)) == Stop()

    row = step(row, running(), turn_at(75), StopAccepted()).recording

    assert (row.state, row.stop_accepted_at) == (State.UPLOADING, at(75))
    assert next_action(row, running(), turn_at(80)) == Query()


@pytest.mark.parametrize("status", [6, 7, 8])
def test_a_recorder_that_leaves_slowly_is_not_stopped_again(status: int) -> None:
    assert next_action(changed(UPLOADING, status=status), running(), turn_at(600)) == Query()


@pytest.mark.parametrize("answer", [NOT_FOUND, LEAVING])
def test_a_repeated_stop_that_does_not_find_the_recorder_needs_no_grace_period(answer: AgoraError) -> None:
    row = changed(UPLOADING, status=5)

    assert files_are_awaited(step(row, running(), turn_at(80), answer, SOMEBODY))


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_answers_after_the_stop_change_nothing(name: str) -> None:
    after = step(UPLOADING, running(), turn_at(65), UNUSABLE[name])

    assert (after.recording.state, after.alerts) == (State.UPLOADING, ())
    assert at(65) < after.recording.next_step_at <= at(95)


def test_files_are_checked_at_the_latest_when_the_token_has_expired() -> None:
    after = step(UPLOADING, running(expires_at=at(100)), turn_at(100))

    assert files_are_awaited(after)


@pytest.mark.parametrize("before", [STOPPING, UPLOADING])
def test_a_recorder_whose_token_has_expired_is_not_queried(before: Recording) -> None:
    """It is not queried any more, so it must not count as unanswered."""
    silent = changed(before, unanswered_since=at(70), unanswered_reason=Reason.AGORA_UNREACHABLE, queried_at=at(900))
    after = step(silent, running(expires_at=at(1000)), turn_at(1000))

    assert files_are_awaited(after)
    assert (after.recording.probe.unanswered_since, after.recording.probe.unanswered_reason) == (None, None)


def test_a_recording_stopped_before_it_was_up_ends_at_once() -> None:
    early = replace(UPLOADING, started_at=None, first_file_at=None)

    assert outcome(step(early, running(), turn_at(65), NOT_FOUND)) == (State.ENDED, Reason.STOPPED)


def test_a_recording_stopped_before_it_was_up_is_checked_if_agora_named_files() -> None:
    """Queries may have been unanswered while people were recorded."""
    early = replace(STOPPING, started_at=None, first_file_at=None)
    row = step(early, running(), turn_at(60), StopAccepted(("a.m3u8", "a_0.mp4"))).recording

    assert files_are_awaited(step(row, running(), turn_at(65), NOT_FOUND))


# the time limit


def test_a_stop_at_the_time_limit_is_an_audit_event_of_the_bot() -> None:
    turn = turn_at(20_000)
    stopping = begin(up(), running(), Reason.TIME_LIMIT, turn)

    assert [
        (audit_event.at, audit_event.who, audit_event.what, audit_event.source) for audit_event in stopping.audit_events
    ] == [(turn.now, "", AuditAction.STOPPED, Source.TIME_LIMIT)]
    assert (stopping.audit_events[0].recording_id, stopping.audit_events[0].slack_channel) == ("rec1", "C1")


def test_a_requested_stop_adds_no_second_audit_event() -> None:
    assert begin(up(stop_at=at(1), stop_by="U2"), running(), Reason.STOPPED, turn_at(2)).audit_events == ()


def test_the_end_at_the_time_limit_is_reported() -> None:
    limited = changed(UPLOADING, stop_reason=Reason.TIME_LIMIT, stop_at=None, stop_by=None)
    after = step(limited, running(), turn_at(65), NOT_FOUND)

    assert files_are_awaited(after)
    assert [(str(a.kind), a.reason) for a in after.alerts] == [("recording_ended", Reason.TIME_LIMIT)]
    assert after.alerts[0].recording.state is State.ENDED, "the end is reported before the files are there"


def test_the_end_at_the_time_limit_is_reported_even_if_nothing_was_recorded() -> None:
    limited = changed(STOPPING, stop_reason=Reason.TIME_LIMIT, stop_at=None, stop_by=None)
    after = step(limited, running(), turn_at(65), NOTHING_RECORDED)

    assert outcome(after) == (State.ENDED, Reason.NO_MEDIA)
    assert len(after.alerts) == 1
