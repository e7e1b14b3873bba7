"""An unwanted recorder is stopped or removed, and stepped until it is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.errors import AgoraError, RateLimited
from recordings.lifecycle import cleanup
from recordings.lifecycle.actions import CallResult, Outcome, Query, Reevaluate, Stop, ThrowOut
from recordings.model.recorder import Recorder
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from tests.fakes.rows import UID, acquired, at, running, started, turn_at
from tests.fakes.steps import EMPTY, LEAVING, NOT_FOUND, NOTHING_RECORDED, SOMEBODY, UNUSABLE

KNOWN = running(wanted=False)
STOPPED = replace(KNOWN, stop_accepted_at=at(60))
UNKNOWN = started(wanted=False)
LISTED = ChannelUsers(hosts=frozenset({1000, UID}))
LISTED_AS_AUDIENCE = ChannelUsers(audience=frozenset({UID}))


def step(recorder: Recorder, seconds: float, answer: CallResult = None, users: ChannelUsers | None = None) -> Recorder:
    turn = turn_at(seconds)
    return cleanup.apply_outcome(recorder, cleanup.decide(recorder, turn), Outcome(answer, users), turn)


def test_a_recorder_with_a_sid_is_stopped_and_one_without_is_removed_from_the_channel() -> None:
    assert cleanup.decide(KNOWN, turn_at(60)) == Stop()
    assert cleanup.decide(UNKNOWN, turn_at(60)) == ThrowOut()


def test_a_recorder_that_was_never_started_is_gone() -> None:
    assert cleanup.decide(acquired(wanted=False), turn_at(60)) == Reevaluate()
    assert step(acquired(wanted=False), 60).gone_at == at(60)


@pytest.mark.parametrize("recorder", [KNOWN, STOPPED, UNKNOWN])
def test_a_recorder_whose_token_has_expired_is_gone(recorder: Recorder) -> None:
    assert step(replace(recorder, expires_at=at(100)), 100).gone_at == at(100)


# with a sid


def test_after_an_accepted_stop_a_recorder_is_queried_until_it_is_not_found() -> None:
    stopped = step(replace(KNOWN, tries=3), 60, StopAccepted())
    assert (stopped.stop_accepted_at, stopped.next_step_at, stopped.tries) == (at(60), at(65), 0)

    assert cleanup.decide(stopped, turn_at(65)) == Query()
    leaving = step(stopped, 65, RecorderStatus(6))
    assert (leaving.gone_at, leaving.next_step_at) == (None, at(70))

    assert step(leaving, 70, NOT_FOUND).gone_at == at(70)


def test_an_answer_that_can_not_be_read_is_no_sign_that_it_is_gone_and_the_stop_is_sent_again() -> None:
    recorder, stops = STOPPED, 0
    now = 65.0
    while now < 3600:
        stops += cleanup.decide(recorder, turn_at(now)) == Stop()
        answer = StopAccepted() if cleanup.decide(recorder, turn_at(now)) == Stop() else UNUSABLE["status 99"]
        recorder = step(recorder, now, answer)
        assert recorder.gone_at is None
        now = max(now + 0.1, (recorder.next_step_at - at(0)).total_seconds())

    assert 20 <= stops <= 30


@pytest.mark.parametrize("recorder", [KNOWN, STOPPED])
def test_a_recorder_that_recorded_nothing_is_gone(recorder: Recorder) -> None:
    assert step(recorder, 60, NOTHING_RECORDED).gone_at == at(60)


@pytest.mark.parametrize("status", [7, 8])
def test_a_recorder_with_status_7_or_8_is_gone(status: int) -> None:
    assert step(STOPPED, 65, RecorderStatus(status)).gone_at == at(65)


def test_a_recorder_that_keeps_leaving_past_the_grace_period_is_gone() -> None:
    stopped = step(replace(KNOWN, tries=3), 60, StopAccepted())

    assert step(stopped, 179, RecorderStatus(6)).gone_at is None
    assert step(stopped, 180, RecorderStatus(6)).gone_at == at(180)


def test_a_recorder_that_ended_abnormally_is_gone() -> None:
    assert step(STOPPED, 65, RecorderStatus(20)).gone_at == at(65)


def test_a_recorder_that_stays_after_an_accepted_stop_is_stopped_again() -> None:
    assert step(STOPPED, 70, RecorderStatus(5)).stop_accepted_at == at(60), "a stop can take a moment"

    ignored = step(STOPPED, 75, RecorderStatus(5))
    assert cleanup.decide(ignored, turn_at(80)) == Stop()


@pytest.mark.parametrize("answer", [NOT_FOUND, LEAVING])
def test_without_an_accepted_stop_not_found_means_gone_after_the_grace_period_only(answer: AgoraError) -> None:
    recorder, waits = KNOWN, []
    for seconds in (60, 65, 75):
        recorder = step(recorder, seconds, answer)
        waits.append((recorder.next_step_at - at(seconds)).total_seconds())
    assert (waits, recorder.gone_at) == ([5, 10, 15], None)

    recorder = step(recorder, 179, answer)
    assert (recorder.gone_at, recorder.next_step_at) == (None, at(180))
    assert step(recorder, 180, answer).gone_at == at(180)


def test_a_recorder_that_is_found_again_after_a_move_is_stopped() -> None:
    moving = step(KNOWN, 60, NOT_FOUND)

    assert step(moving, 65, StopAccepted()).stop_accepted_at == at(65)


@pytest.mark.parametrize("before", [KNOWN, STOPPED, UNKNOWN], ids=["stop", "query", "throw out"])
def test_unusable_answers_are_retried_at_the_query_interval(before: Recorder) -> None:
    for name, error in UNUSABLE.items():
        recorder, waits = before, []
        for _ in range(5):
            recorder = step(recorder, 60, error)
            waits.append((recorder.next_step_at - at(60)).total_seconds())

        assert waits == [1, 3, 6, 30, 30], name
        assert recorder.gone_at is None, name


def test_retry_after_is_respected() -> None:
    assert step(KNOWN, 60, RateLimited("429", http_status=429, retry_after=50)).next_step_at == at(110)


# without a sid


@pytest.mark.parametrize("users", [LISTED, LISTED_AS_AUDIENCE])
def test_a_recorder_that_is_listed_among_the_users_is_removed_again(users: ChannelUsers) -> None:
    recorder = step(replace(UNKNOWN, absent=1), 200, None, users)

    assert (recorder.absent, recorder.gone_at, recorder.next_step_at) == (0, None, at(205))


def test_without_a_user_list_a_recorder_does_not_count_as_gone() -> None:
    recorder = UNKNOWN
    for seconds in range(200, 400, 10):
        recorder = step(recorder, seconds, None, None)

    assert recorder.gone_at is None


@pytest.mark.parametrize("users", [EMPTY, SOMEBODY])
def test_a_recorder_that_two_user_lists_lack_is_gone_after_the_start_timeout(users: ChannelUsers) -> None:
    recorder = step(step(UNKNOWN, 10, None, users), 20, None, users)
    assert (recorder.absent, recorder.gone_at) == (2, None), "a lost start can come up late"

    recorder = step(recorder, 89, None, users)
    assert recorder.gone_at is None
    assert step(recorder, 90, None, users).gone_at == at(90)


def test_one_user_list_without_the_recorder_is_not_enough() -> None:
    assert step(UNKNOWN, 500, None, EMPTY).gone_at is None
    assert step(step(UNKNOWN, 500, None, EMPTY), 505, None, EMPTY).gone_at == at(505)


def test_an_answer_of_the_wrong_type_is_a_bug() -> None:
    with pytest.raises(TypeError):
        step(UNKNOWN, 60, StopAccepted())
