"""What the answers to queries mean for a running recording, and which alerts they raise."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from recordings.errors import AgoraError, RateLimited
from recordings.lifecycle.actions import Change, Query, Reevaluate, Stop
from recordings.lifecycle.decide import needs_users, reason_to_stop
from recordings.lifecycle.policy import Policy
from recordings.model.alerts import AlertKind
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import ChannelUsers, RecorderStatus
from tests.fakes.rows import NOW, at, changed, coming_up, running, turn_at, up
from tests.fakes.steps import (
    EMPTY,
    LEAVING,
    NOT_FOUND,
    ONLY_AN_AUDIENCE,
    ONLY_THE_RECORDER,
    SOMEBODY,
    UNAUTHORIZED,
    UNUSABLE,
    next_action,
    step,
)

FOUR, FIVE = RecorderStatus(4), RecorderStatus(5)
INTERRUPTED = up(state=State.INTERRUPTED, not_found=1, not_found_since=at(30))


def raised(change: Change) -> list[tuple[str, str]]:
    return [(str(alert.kind), str(alert.reason)) for alert in change.alerts]


def queried(recording: Recording, answers: Iterable[tuple[float, AgoraError | RecorderStatus]]) -> Recording:
    """The row after these answers at these seconds, none of which may raise an alert."""
    for seconds, answer in answers:
        change = step(recording, running(), turn_at(seconds), answer, SOMEBODY)
        assert change.alerts == ()
        recording = change.recording
    return recording


# in the call


@pytest.mark.parametrize("status", [4, 5])
def test_status_4_or_5_makes_it_recording_without_an_alert(status: int) -> None:
    after = step(coming_up(), running(), turn_at(5), RecorderStatus(status))

    assert (after.recording.state, after.recording.started_at) == (State.RECORDING, at(5))
    assert after.alerts == ()


def test_only_status_5_means_that_the_first_file_is_stored() -> None:
    assert step(coming_up(), running(), turn_at(5), FOUR).recording.first_file_at is None
    assert step(coming_up(), running(), turn_at(5), FIVE).recording.first_file_at == at(5)


def test_the_time_when_the_recorder_came_up_is_kept() -> None:
    assert step(up(), running(), turn_at(500), FIVE).recording.started_at == at(10)


def test_the_next_query_is_at_the_interval_or_a_little_early() -> None:
    assert step(up(), running(), turn_at(40), FIVE).recording.next_step_at == at(70)
    assert step(up(), running(), turn_at(40, jitter=0.5), FIVE).recording.next_step_at == at(68.5)


def test_the_files_that_agora_names_are_kept_in_order_each_once() -> None:
    row = step(up(), running(), turn_at(40), RecorderStatus(5, ("a.m3u8",))).recording
    row = step(row, running(), turn_at(70), RecorderStatus(5, ("a.m3u8", "a_0.mp4"))).recording
    row = step(row, running(), turn_at(100), RecorderStatus(5)).recording

    assert row.files == ("a.m3u8", "a_0.mp4")


def test_the_recording_is_stopped_at_the_time_limit() -> None:
    policy = Policy(max_duration=100)
    row = step(up(), running(), turn_at(95, policy), FIVE).recording
    assert row.next_step_at == at(110), "it came up ten seconds after the request"

    assert next_action(row, running(), turn_at(109, policy)) == Query()
    assert next_action(row, running(), turn_at(110, policy)) == Reevaluate()
    after = step(row, running(), turn_at(110, policy))

    assert (after.recording.state, after.recording.stop_reason) == (State.STOPPING, Reason.TIME_LIMIT)
    assert next_action(after.recording, running(), turn_at(110, policy)) == Stop()


def test_a_stop_request_takes_precedence_over_the_time_limit() -> None:
    row = up(stop_at=at(50), stop_by="U2")

    assert reason_to_stop(row, turn_at(50)) is Reason.STOPPED
    assert reason_to_stop(row, turn_at(99_999)) is Reason.STOPPED
    assert reason_to_stop(up(), turn_at(20)) is None


# not found


def test_not_found_makes_it_interrupted_without_an_alert() -> None:
    after = step(up(), running(), turn_at(40), NOT_FOUND, SOMEBODY)

    assert (after.recording.state, after.recording.probe.not_found_since) == (State.INTERRUPTED, at(40))
    assert after.alerts == ()


def test_after_not_found_the_next_queries_are_after_5_10_15_seconds() -> None:
    row, waits = up(), []
    for seconds in (40, 45, 55, 70):
        row = step(row, running(), turn_at(seconds), NOT_FOUND, SOMEBODY).recording
        waits.append((row.next_step_at - at(seconds)).total_seconds())

    assert waits == [5, 10, 15, 15]


def test_after_not_found_the_next_query_is_never_later_than_the_interval() -> None:
    row = step(up(), running(), turn_at(40, Policy(query_interval=2)), NOT_FOUND, SOMEBODY).recording

    assert row.next_step_at == at(42)


@pytest.mark.parametrize("answer", [FOUR, FIVE])
def test_a_recorder_that_is_found_again_continues_without_an_alert(answer: RecorderStatus) -> None:
    after = step(INTERRUPTED, running(), turn_at(60), answer)

    assert after.recording.state is State.RECORDING
    assert (after.recording.probe.not_found, after.recording.probe.not_found_since) == (0, None)
    assert after.alerts == ()


def test_a_recorder_is_lost_after_the_grace_period_and_one_last_query() -> None:
    row = queried(up(), [(40, NOT_FOUND), (45, NOT_FOUND), (159, NOT_FOUND)])
    assert (row.state, row.next_step_at) == (State.INTERRUPTED, at(160)), "one last query"

    after = step(row, running(), turn_at(160, Policy(max_resumes=0)), NOT_FOUND, SOMEBODY)

    assert (after.recording.state, after.recording.reason) == (State.FAILED, Reason.LOST)
    assert raised(after) == [("recording_failed", "lost")]
    assert after.recording.ended_at == at(160)
    assert [(r.wanted, r.gone_at) for r in after.recorders] == [(False, None)], "it is stopped in case it comes back"


def test_a_recorder_found_by_the_last_query_is_not_lost() -> None:
    row = queried(up(), [(40, NOT_FOUND), (159, NOT_FOUND), (160, FIVE)])

    assert row.state is State.RECORDING


def test_one_not_found_long_after_another_does_not_exceed_the_grace_period() -> None:
    row = queried(up(), [(40, NOT_FOUND), (45, FIVE), (500, NOT_FOUND)])

    assert (row.state, row.probe.not_found_since) == (State.INTERRUPTED, at(500))


def test_one_not_found_after_unanswered_queries_is_not_a_loss() -> None:
    """Agora may have begun to move the recorder only now."""
    row = queried(up(), [(40, NOT_FOUND), (45, UNUSABLE["500"]), (300, UNUSABLE["no answer"]), (330, NOT_FOUND)])

    assert row.state is State.INTERRUPTED


def test_a_recorder_that_comes_up_on_another_server_is_not_lost_within_the_grace_period() -> None:
    row = queried(up(), [(40, NOT_FOUND), (50, RecorderStatus(2)), (159, RecorderStatus(3)), (160, FIVE)])

    assert row.state is State.RECORDING


# an empty channel


@pytest.mark.parametrize("users", [EMPTY, ONLY_THE_RECORDER, ONLY_AN_AUDIENCE])
def test_not_found_twice_in_an_empty_channel_is_an_end_and_not_a_failure(users: ChannelUsers) -> None:
    once = step(up(), running(), turn_at(40), NOT_FOUND, users)
    assert once.recording.state is State.INTERRUPTED
    assert once.alerts == ()

    twice = step(once.recording, running(), turn_at(45), NOT_FOUND, users)

    assert (twice.recording.state, twice.recording.reason) == (State.ENDED, Reason.IDLE)
    assert raised(twice) == [("recording_ended", "idle")]
    assert [r.wanted for r in twice.recorders] == [False]


@pytest.mark.parametrize("between", [SOMEBODY, None])
def test_the_channel_has_to_be_empty_at_two_not_found_in_a_row(between: ChannelUsers | None) -> None:
    row = up()
    for seconds, users in ((40, EMPTY), (45, between), (55, EMPTY)):
        row = step(row, running(), turn_at(seconds), NOT_FOUND, users).recording

    assert row.state is State.INTERRUPTED


@pytest.mark.parametrize("answer", [UNUSABLE["500"], UNUSABLE["429"], RecorderStatus(2)])
def test_another_answer_in_between_resets_the_count_of_empty_channels(answer: AgoraError | RecorderStatus) -> None:
    row = up()
    for seconds, each_answer in ((40, NOT_FOUND), (45, answer), (55, NOT_FOUND)):
        row = step(row, running(), turn_at(seconds), each_answer, EMPTY).recording

    assert row.state is State.INTERRUPTED


def test_an_empty_channel_does_not_end_a_recording_that_was_never_up() -> None:
    row = coming_up()
    for seconds in (5, 10, 20):
        row = step(row, running(), turn_at(seconds), NOT_FOUND, EMPTY).recording

    assert row.state is State.STARTING


TURN = turn_at(20)


def test_the_users_are_listed_only_if_the_decision_depends_on_them() -> None:
    assert needs_users(up(), Query(), NOT_FOUND, TURN)
    assert not needs_users(coming_up(), Query(), NOT_FOUND, TURN), "never up, so not idle"
    assert not needs_users(up(), Query(), FIVE, TURN)
    assert not needs_users(up(), Query(), UNUSABLE["500"], TURN)
    assert needs_users(up(first_file_at=None), Query(), FOUR, TURN)
    assert not needs_users(up(first_file_at=None, nothing_stored_warned_at=at(9)), Query(), FOUR, TURN), (
        "warned already"
    )
    assert needs_users(up(state=State.STOPPING), Stop(), NOT_FOUND, TURN)
    assert needs_users(up(state=State.STOPPING), Stop(), LEAVING, TURN)
    assert not needs_users(up(state=State.UPLOADING, stop_accepted_at=at(9)), Stop(), NOT_FOUND, TURN)
    assert not needs_users(up(state=State.UPLOADING), Query(), NOT_FOUND, TURN)


# unusable answers


@pytest.mark.parametrize("before", [up(), INTERRUPTED, coming_up()], ids=["recording", "interrupted", "starting"])
def test_unusable_answers_never_fail_a_recording(before: Recording) -> None:
    for name, error in UNUSABLE.items():
        row, seconds = before, 40.0
        while seconds < 13_000:
            change = step(row, running(), turn_at(seconds), error)
            row = change.recording
            assert (row.state, change.alerts, change.recorders) == (before.state, (), ()), name
            wait = (row.next_step_at - at(seconds)).total_seconds()
            assert 0 < wait <= 30, f"{name}: never slower than the interval"
            seconds += wait

        assert row.probe.unanswered_since == at(40), name


def test_unusable_answers_are_retried_with_the_backoff_then_at_the_interval() -> None:
    row, waits = up(), []
    for _ in range(5):
        row = step(row, running(), turn_at(40), UNUSABLE["no answer"]).recording
        waits.append((row.next_step_at - at(40)).total_seconds())

    assert waits == [1, 3, 6, 30, 30]


def test_rate_limited_queries_are_repeated_at_the_interval() -> None:
    assert step(up(), running(), turn_at(40), UNUSABLE["429"]).recording.next_step_at == at(70)


def test_retry_after_is_respected_even_if_it_is_longer_than_the_interval() -> None:
    error = RateLimited("429", http_status=429, retry_after=45)

    confirmed = up(confirmed_until=at(999))
    assert step(confirmed, running(), turn_at(40), error).recording.next_step_at == at(85)


def test_unanswered_time_counts_from_the_first_call_and_distinguishes_refused_credentials() -> None:
    row = queried(up(), [(40, UNUSABLE["500"]), (50, UNUSABLE["no answer"])])
    assert (row.probe.unanswered_since, row.probe.unanswered_reason) == (at(40), Reason.AGORA_UNREACHABLE)

    row = queried(row, [(60, UNAUTHORIZED)])
    assert (row.probe.unanswered_since, row.probe.unanswered_reason) == (at(40), Reason.UNAUTHORIZED)


@pytest.mark.parametrize("answer", [FOUR, FIVE, NOT_FOUND, RecorderStatus(1)])
def test_a_usable_answer_ends_the_unanswered_time(answer: AgoraError | RecorderStatus) -> None:
    row = queried(up(), [(40, UNUSABLE["500"]), (41, UNUSABLE["500"])])
    row = step(row, running(), turn_at(50), answer, SOMEBODY).recording

    assert (row.probe.unanswered_since, row.probe.unanswered_reason, row.tries) == (None, None, 0)


# gone


@pytest.mark.parametrize("before", [up(), INTERRUPTED, coming_up()], ids=["recording", "interrupted", "starting"])
def test_status_20_is_a_crash_at_once(before: Recording) -> None:
    after = step(before, running(), turn_at(40), RecorderStatus(20))

    assert (after.recording.state, after.recording.reason) == (State.FAILED, Reason.CRASHED)
    assert raised(after) == [("recording_failed", "crashed")]
    assert [r.wanted for r in after.recorders] == [False]


@pytest.mark.parametrize("status", [6, 7, 8])
@pytest.mark.parametrize("before", [up(), INTERRUPTED, coming_up()], ids=["recording", "interrupted", "starting"])
def test_a_recorder_that_leaves_without_our_stop_was_stopped_elsewhere(before: Recording, status: int) -> None:
    after = step(before, running(), turn_at(40), RecorderStatus(status, ("a.mp4",)))

    assert (after.recording.state, after.recording.reason) == (State.ENDED, Reason.STOPPED_ELSEWHERE)
    assert raised(after) == [("recording_ended", "stopped_elsewhere")]
    assert after.recording.files == ("a.mp4",)


# nothing stored


def in_channel(seconds: float, before: Recording, users: ChannelUsers | None = SOMEBODY) -> Change:
    return step(before, running(), turn_at(seconds), FOUR, users)


WAITING = up(first_file_at=None, status=4, people_since=at(10))


def test_people_and_no_stored_file_for_long_is_one_warning() -> None:
    early = in_channel(129, WAITING)
    assert early.alerts == ()
    assert early.recording.next_step_at == at(130), "the next query is when the time is up"

    late = in_channel(130, early.recording)
    assert raised(late) == [("recording_warning", "nothing_stored")]
    assert late.recording.state is State.RECORDING, "it continues"

    for seconds in (160, 500, 5000):
        assert in_channel(seconds, late.recording).alerts == ()


@pytest.mark.parametrize("users", [EMPTY, ONLY_THE_RECORDER, ONLY_AN_AUDIENCE])
def test_without_people_there_is_no_warning_that_nothing_is_stored(users: ChannelUsers) -> None:
    assert in_channel(500, WAITING, users).alerts == ()
    assert in_channel(500, WAITING, users).recording.people_since is None


def test_the_time_without_a_file_starts_again_when_people_come_back() -> None:
    row = in_channel(100, WAITING, EMPTY).recording
    row = in_channel(130, row).recording

    assert row.people_since == at(130)
    row = in_channel(190, row).recording
    assert in_channel(249, row).alerts == ()
    assert len(in_channel(250, row).alerts) == 1


def test_time_without_queries_does_not_count_for_the_warning() -> None:
    row = in_channel(40, WAITING).recording
    back = in_channel(400, row)

    assert (back.alerts, back.recording.people_since) == ((), at(400))


def test_the_time_without_a_file_starts_again_on_another_server() -> None:
    row = step(in_channel(100, WAITING).recording, running(), turn_at(125), NOT_FOUND, SOMEBODY).recording
    back = in_channel(135, row)

    assert (back.alerts, back.recording.people_since) == ((), at(135))


def test_without_a_user_list_there_is_no_warning_that_nothing_is_stored() -> None:
    assert in_channel(500, WAITING, None).alerts == ()
    assert in_channel(500, WAITING, None).recording.people_since == at(10)


def test_the_first_file_after_a_warning_is_one_recovery() -> None:
    warned = in_channel(130, WAITING).recording
    recovered = step(warned, running(), turn_at(140), FIVE)

    assert raised(recovered) == [("recording_recovered", "nothing_stored")]
    assert step(recovered.recording, running(), turn_at(170), FIVE).alerts == ()


def test_the_first_file_without_a_warning_raises_no_alert() -> None:
    assert step(WAITING, running(), turn_at(40), FIVE).alerts == ()


def test_status_4_after_the_first_file_raises_no_warning() -> None:
    assert in_channel(5000, up(status=4, people_since=at(20))).alerts == ()


# any state


@pytest.mark.parametrize("state", [State.ENDED, State.FAILED])
def test_a_recording_that_is_over_has_no_next_step(state: State) -> None:
    with pytest.raises(ValueError, match="over"):
        next_action(up(state=state), running(), turn_at(0))


def test_an_alert_contains_the_recording_after_the_change() -> None:
    change = step(up(), running(), turn_at(40), RecorderStatus(20))

    assert [alert.recording for alert in change.alerts] == [change.recording]
    assert change.recording == changed(
        up(),
        state=State.FAILED,
        reason=Reason.CRASHED,
        detail="status 20",
        status=20,
        queried_at=at(40),
        ended_at=at(40),
        files_awaited=True,
        next_step_at=at(40),
    )
    assert change.alerts[0].kind is AlertKind.FAILED
    assert NOW < change.alerts[0].raised_at == at(40)
