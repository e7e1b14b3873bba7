"""How long an answer confirms a recording, and the step that notes that it no longer does."""

from __future__ import annotations

import pytest

from recordings.errors import AgoraError, RateLimited
from recordings.lifecycle.actions import Query, Reevaluate
from recordings.lifecycle.policy import Turn
from recordings.model.confirmation import Doubt
from recordings.model.recording import Recording, State
from recordings.model.reported import RecorderStatus
from tests.fakes.rows import at, changed, running, turn_at, up
from tests.fakes.steps import NOT_FOUND, SOMEBODY, UNAUTHORIZED, UNUSABLE, next_action, step

FIVE = RecorderStatus(5)
SILENCE = UNUSABLE["no answer"]


def answered(recording: Recording, seconds: float, answer: AgoraError | RecorderStatus = FIVE) -> Recording:
    return step(recording, running(), turn_at(seconds), answer, SOMEBODY).recording


def confirmed_span(recording: Recording) -> float:
    probe = recording.probe
    assert probe.confirmed_until is not None
    assert probe.found_at is not None
    return (probe.confirmed_until - probe.found_at).total_seconds()


@pytest.mark.parametrize("status", [4, 5])
def test_a_good_answer_confirms_for_two_query_intervals_from_when_it_was_asked(status: int) -> None:
    turn = Turn(now=at(48), policy=turn_at(0).policy, sent_at=at(40))
    after = step(up(), running(), turn, RecorderStatus(status), SOMEBODY).recording

    assert (after.probe.found_at, after.probe.confirmed_until) == (at(40), at(100))


def test_under_load_an_answer_confirms_longer_and_at_most_twice_as_long_each_time() -> None:
    recording, seconds, spans = answered(up(), 40), 40.0, []
    for wait in (30, 50, 100, 100, 1000, 1000, 1000, 30):
        seconds += wait
        recording = answered(changed(recording, confirmation_expired=True), seconds)
        spans.append(confirmed_span(recording))

    assert spans == [60, 100, 200, 200, 400, 600, 600, 60]


def test_a_wait_in_which_agora_did_not_answer_is_no_load() -> None:
    silent = answered(answered(up(), 40), 70, SILENCE)
    not_found = answered(answered(up(), 40), 70, NOT_FOUND)

    assert confirmed_span(answered(silent, 90)) == 60
    assert confirmed_span(answered(not_found, 90)) == 60


def test_the_step_after_the_expiry_makes_no_call_and_the_queries_go_on() -> None:
    recording = answered(up(), 40)
    assert next_action(recording, running(), turn_at(99.9)) == Query()
    assert next_action(recording, running(), turn_at(100)) == Reevaluate()

    expired = step(recording, running(), turn_at(100)).recording

    assert (expired.state, expired.doubt) == (State.RECORDING, Doubt.NO_ANSWER)
    assert expired.card_content != recording.card_content
    assert expired.next_step_at == at(100)
    assert next_action(expired, running(), turn_at(100)) == Query()


def test_the_step_after_the_expiry_does_not_hasten_the_next_query() -> None:
    busy = RateLimited("429", http_status=429, retry_after=45)
    recording = answered(answered(up(), 40), 70, busy)
    assert recording.next_step_at == at(100), "it was asked not to come back before 115 s"

    assert step(recording, running(), turn_at(100)).recording.next_step_at == at(115)


@pytest.mark.parametrize("answer", [error for error in UNUSABLE.values() if error != UNAUTHORIZED])
def test_while_agora_gives_no_usable_answer_the_row_expires_in_time(answer: AgoraError) -> None:
    recording = answered(up(), 40)
    now = recording.next_step_at
    while recording.doubt is None:
        assert now <= at(100)
        turn = Turn(now=now, policy=turn_at(0).policy)
        recording = step(recording, running(), turn, answer).recording
        now = max(now, recording.next_step_at)
    assert recording.doubt is Doubt.NO_ANSWER
    assert recording.state is State.RECORDING


def test_an_answer_that_arrives_after_the_expiry_notes_it_itself() -> None:
    late = Turn(now=at(105), policy=turn_at(0).policy, sent_at=at(95))
    recording = answered(up(), 40)
    after = step(recording, running(), late, SILENCE).recording

    assert after.doubt is Doubt.NO_ANSWER


def test_a_good_answer_ends_every_doubt() -> None:
    expired = step(answered(up(), 40), running(), turn_at(100)).recording
    rejected = answered(answered(up(), 40), 70, UNAUTHORIZED)
    unreadable = answered(answered(up(), 40), 70, UNUSABLE["status 99"])
    assert (expired.doubt, rejected.doubt) == (Doubt.NO_ANSWER, Doubt.REJECTED)
    assert "99" in unreadable.probe.unreadable_answer

    for recording in (expired, rejected, unreadable):
        after = answered(recording, 100 if recording is expired else 99)
        assert (after.doubt, after.probe.unreadable_answer) == (None, "")


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_answer_that_says_nothing_is_told_from_no_answer(name: str) -> None:
    probe = answered(answered(up(), 40), 70, UNUSABLE[name]).probe

    assert bool(probe.unreadable_answer) is (name in ("status 99", "400/2"))
    assert probe.is_rejected is (name == "401")


def test_once_rejected_it_stays_unconfirmed_until_the_next_good_answer() -> None:
    rejected = answered(answered(up(), 40), 70, UNAUTHORIZED)

    assert answered(rejected, 71, SILENCE).doubt is Doubt.NO_ANSWER


def test_a_recorder_that_is_not_found_needs_no_step_of_its_own() -> None:
    missing = answered(answered(up(), 40), 70, NOT_FOUND)
    at_expiry = changed(missing, next_step_at=at(100))

    assert missing.doubt is Doubt.NOT_FOUND
    assert next_action(at_expiry, running(), turn_at(100)) == Query()


def test_a_replaced_recorder_is_confirmed_anew() -> None:
    recording = answered(up(), 40)
    for seconds in range(70, 250, 15):
        recording = answered(recording, seconds, NOT_FOUND)
        if recording.awaiting_segment:
            break

    assert recording.awaiting_segment
    assert (recording.probe.confirmed_until, recording.probe.confirmation_expired) == (None, False)


def test_an_expired_confirmation_does_not_delay_a_stop() -> None:
    stopped = changed(answered(up(), 40), stop_at=at(99), stop_by="U2")
    after = step(stopped, running(), turn_at(100)).recording

    assert (after.state, after.next_step_at) == (State.STOPPING, at(100))
