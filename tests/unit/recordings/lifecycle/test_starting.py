"""From the request to a running recorder: one step at a time, and every recorder that may run is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.errors import AgoraError, AlreadyStarted, RateLimited, ServerFault, SlackBusy, SlackRefused
from recordings.lifecycle import decide
from recordings.lifecycle.actions import Acquire, AllocateRecorder, Change, PostCard, Query, Reevaluate, Start
from recordings.lifecycle.policy import Policy
from recordings.model.alerts import AlertKind
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import RecorderStatus
from tests.fakes.rows import (
    NOW,
    UID,
    a_recorder,
    a_recording,
    acquired,
    at,
    coming_up,
    running,
    started,
    turn_at,
    with_card,
)
from tests.fakes.steps import (
    ALREADY_STARTED,
    NO_WORKER,
    NOT_FOUND,
    RATE_LIMITED,
    REFUSED,
    TASK_CONFLICT,
    UNUSABLE,
    next_action,
    step,
)

SILENT = {name: error for name, error in UNUSABLE.items() if error.retry and name != "429"}
UNKNOWN_OUTCOME = ["no answer", "500", "206/65"]
NOTHING_RUNS = {
    "500/502": NO_WORKER,
    "400/53": TASK_CONFLICT,
    "429": RATE_LIMITED,
    "no connection": UNUSABLE["no connection"],
    "404/404": NOT_FOUND,
}
NEW_AT_ONCE = {"500/502": NO_WORKER, "400/53": TASK_CONFLICT, "404/404": NOT_FOUND}


def failed(change: Change) -> tuple[State, Reason | None]:
    return change.recording.state, change.recording.reason


# decide


def test_the_card_is_posted_before_any_call_to_agora() -> None:
    assert next_action(a_recording(), None, turn_at(0)) == PostCard()


def test_after_the_card_come_a_uid_a_resource_and_the_start() -> None:
    assert next_action(with_card(recorder_id=None), None, turn_at(0)) == AllocateRecorder()
    assert next_action(with_card(), a_recorder(), turn_at(0)) == Acquire()
    assert next_action(with_card(), acquired(), turn_at(0)) == Start(first=True)
    assert next_action(with_card(), started(), turn_at(0)) == Start(first=False)
    assert next_action(coming_up(), running(), turn_at(0)) == Query()


def test_a_resource_that_is_too_old_is_not_started() -> None:
    assert next_action(with_card(requested_at=at(200)), acquired(), turn_at(239)) == Start(first=True)
    assert next_action(with_card(requested_at=at(200)), acquired(), turn_at(240)) == Reevaluate()

    after = step(with_card(requested_at=at(200)), acquired(), turn_at(240))

    assert (after.recording.state, after.recording.recorder_id) == (State.STARTING, None)
    assert [r.wanted for r in after.recorders] == [False]


@pytest.mark.parametrize("recorder", [None, a_recorder(), acquired(), started()])
def test_a_recording_without_a_sid_is_given_up_after_the_start_timeout(recorder: Recorder | None) -> None:
    assert next_action(with_card(), recorder, turn_at(89.9)) != Reevaluate()

    after = step(with_card(detail="504/62 busy"), recorder, turn_at(90))

    assert failed(after) == (State.FAILED, Reason.UNAVAILABLE)
    assert after.recording.detail == "504/62 busy"
    assert [alert.kind for alert in after.alerts] == [AlertKind.FAILED]
    assert all(not r.wanted for r in after.recorders)


def test_a_recorder_with_a_sid_is_queried_however_long_the_start_took() -> None:
    assert next_action(coming_up(), running(), turn_at(500)) == Query()


def test_a_recorder_that_another_replica_kept_as_unwanted_is_not_used() -> None:
    kept_late = running(wanted=False)

    assert next_action(with_card(), kept_late, turn_at(1)) == AllocateRecorder()
    assert failed(step(with_card(), kept_late, turn_at(90))) == (State.FAILED, Reason.UNAVAILABLE)


# the card


def test_once_the_card_is_posted_the_next_step_is_due_at_once() -> None:
    after = step(a_recording(tries=2, detail="ratelimited"), None, turn_at(1), "1.2").recording

    assert (after.card_ts, after.next_step_at, after.tries, after.detail) == ("1.2", at(1), 0, "")


@pytest.mark.parametrize("error", ["not_in_channel", "channel_not_found", "is_archived", "missing_scope"])
def test_if_the_bot_can_not_post_nothing_is_recorded_and_no_alert_is_raised(error: str) -> None:
    after = step(a_recording(), None, turn_at(0), SlackRefused(error))

    assert failed(after) == (State.FAILED, Reason.UNDELIVERABLE)
    assert after.recording.detail == error
    assert after.alerts == ()


def test_a_card_that_slack_does_not_accept_now_is_posted_again() -> None:
    after = step(a_recording(tries=1), None, turn_at(0), SlackBusy("fatal_error")).recording
    assert (after.state, after.tries, after.next_step_at) == (State.STARTING, 2, at(3))

    after = step(a_recording(), None, turn_at(0), SlackBusy("ratelimited", retry_after=20)).recording
    assert after.next_step_at == at(20)


def test_a_card_that_slack_never_accepts_is_given_up_in_time() -> None:
    waiting = step(a_recording(), None, turn_at(30), SlackBusy("ratelimited", retry_after=600)).recording
    assert waiting.next_step_at == at(90)

    assert failed(step(waiting, None, turn_at(90))) == (State.FAILED, Reason.UNDELIVERABLE)


def test_the_start_timeout_does_not_count_while_no_replica_leads() -> None:
    untouched = a_recording()
    assert decide.decide(untouched, None, turn_at(1000)) == PostCard()

    posted = step(untouched, None, turn_at(1000), "1.2").recording
    assert posted.attempt_since == at(1000)
    assert decide.decide(posted, None, turn_at(1089)) == AllocateRecorder()


# acquire


def test_every_recorder_has_its_own_row_and_number() -> None:
    after = step(with_card(recorder_id=None, recorder_count=1), None, turn_at(3), 4_100_000_000)

    (recorder,) = after.recorders
    assert (recorder.id, recorder.uid, recorder.wanted, recorder.agora_channel) == (
        "rec1.2",
        4_100_000_000,
        True,
        "daily",
    )
    assert (after.recording.recorder_id, after.recording.recorder_count) == ("rec1.2", 2)
    assert after.recording.next_step_at == at(3)


def test_a_resource_is_started_at_once() -> None:
    after = step(with_card(tries=3), a_recorder(), turn_at(2), "RES")

    assert (after.recording.next_step_at, after.recording.tries) == (at(2), 0)
    assert [(r.resource_id, r.acquired_at) for r in after.recorders] == [("RES", at(2))]


@pytest.mark.parametrize(("error", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_acquire_fails_at_once_with_its_reason(error: AgoraError, reason: str) -> None:
    after = step(with_card(), a_recorder(), turn_at(1), error)

    assert failed(after) == (State.FAILED, Reason(reason))
    assert after.recording.detail == str(error)
    assert [(alert.kind, alert.reason) for alert in after.alerts] == [(AlertKind.FAILED, Reason(reason))]
    assert [(r.wanted, r.gone_at) for r in after.recorders] == [(False, at(1))], "it never ran"


@pytest.mark.parametrize("name", SILENT)
@pytest.mark.parametrize("endpoint_count", [1, 2])
def test_acquire_is_tried_with_each_wait_at_each_endpoint_then_agora_is_unavailable(
    name: str, endpoint_count: int
) -> None:
    policy = Policy(endpoint_count=endpoint_count, start_timeout=1000)
    row, seconds, waits = with_card(), 0.0, []
    while row.state is State.STARTING:
        row = step(row, a_recorder(), turn_at(seconds, policy), SILENT[name]).recording
        waits.append((row.next_step_at - at(seconds)).total_seconds())
        seconds += waits[-1]

    assert waits == [1, 3, 6] * endpoint_count + [0]
    assert (row.state, row.reason) == (State.FAILED, Reason.UNAVAILABLE)


def test_rate_limiting_does_not_count_as_a_try_and_respects_retry_after() -> None:
    row = with_card()
    for _ in range(20):
        row = step(row, a_recorder(), turn_at(0), RateLimited("429", http_status=429, retry_after=7)).recording

    assert (row.state, row.tries, row.next_step_at) == (State.STARTING, 0, at(7))


# start


def test_a_started_recorder_is_queried_5_seconds_later() -> None:
    after = step(with_card(), started(), turn_at(3), "SID")

    assert (after.recording.sid, after.recording.next_step_at) == ("SID", at(8))
    assert after.recording.state is State.STARTING, "the answer 200 does not mean that it records"
    assert [(r.sid, r.sid_at) for r in after.recorders] == [("SID", at(3))]


def test_already_started_with_a_sid_is_a_success() -> None:
    answer = AlreadyStarted("already started", sid="SID", http_status=201, code=7)

    assert step(with_card(), started(), turn_at(3), answer).recording.sid == "SID"


@pytest.mark.parametrize(("error", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_start_fails_at_once_with_its_reason(error: AgoraError, reason: str) -> None:
    after = step(with_card(), acquired(), turn_at(1), error)

    assert failed(after) == (State.FAILED, Reason(reason))
    assert [(r.wanted, r.gone_at) for r in after.recorders] == [(False, at(1))], "it never ran"


@pytest.mark.parametrize(("error", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_repeated_start_that_is_refused_leaves_a_recorder_that_may_run(error: AgoraError, reason: str) -> None:
    after = step(with_card(), started(), turn_at(1), error)

    assert failed(after) == (State.FAILED, Reason(reason))
    assert [(r.wanted, r.gone_at) for r in after.recorders] == [(False, None)]


@pytest.mark.parametrize("name", NEW_AT_ONCE)
def test_a_resource_that_can_not_be_started_is_replaced_with_another_uid(name: str) -> None:
    after = step(with_card(), replace(acquired(), start_sent_at=None), turn_at(1), NEW_AT_ONCE[name])

    assert (after.recording.state, after.recording.recorder_id) == (State.STARTING, None)
    assert next_action(after.recording, None, turn_at(2)) == AllocateRecorder()
    assert after.recording.next_step_at == at(2), "after the first wait"
    assert [(r.wanted, r.gone_at) for r in after.recorders] == [(False, at(1))]


def start_until_over(recording: Recording, error: AgoraError, policy: Policy) -> tuple[Recording, list[float]]:
    """Answers every start with this error until the recording is over. Returns the times of the starts as well."""
    seconds, sent = 0.0, []
    recorder: Recorder | None = None
    while not recording.is_over:
        seconds = max(seconds, (recording.next_step_at - NOW).total_seconds())
        turn = turn_at(seconds, policy)
        match next_action(recording, recorder, turn):
            case AllocateRecorder():
                change = step(recording, None, turn, UID + recording.recorder_count)
            case Acquire():
                change = step(recording, recorder, turn, "RES")
            case Start(first=first):
                assert recorder is not None
                sent.append(seconds)
                first_sent = replace(recorder, start_sent_at=turn.now, expires_at=at(86_400))
                assert first is (recorder.start_sent_at is None)
                outcome = step(recording, recorder, turn, error) if first else step(recording, first_sent, turn, error)
                change = outcome
            case _:
                change = step(recording, recorder, turn)
        recording = change.recording
        for changed in change.recorders:
            recorder = changed if changed.wanted else None
    return recording, sent


@pytest.mark.parametrize("name", NEW_AT_ONCE)
def test_agora_is_unavailable_after_each_wait_at_each_endpoint_without_a_start(name: str) -> None:
    row, sent = start_until_over(
        with_card(recorder_id=None, recorder_count=0), NEW_AT_ONCE[name], Policy(start_timeout=1000)
    )

    assert (row.state, row.reason) == (State.FAILED, Reason.UNAVAILABLE)
    assert sent == [0, 1, 4, 10, 11, 14, 20]


@pytest.mark.parametrize("retry_after", [None, 45, 600])
def test_starting_is_over_by_the_start_timeout_whatever_agora_answers(retry_after: float | None) -> None:
    for name in (*NEW_AT_ONCE, *SILENT, "429"):
        kind = type((NEW_AT_ONCE | UNUSABLE)[name])
        error = kind("again and again", http_status=500, retry_after=retry_after)

        row, sent = start_until_over(with_card(recorder_id=None, recorder_count=0), error, Policy())

        assert (row.state, row.reason) == (State.FAILED, Reason.UNAVAILABLE), name
        assert row.ended_at is not None
        assert row.ended_at <= at(90), name
        assert sent[-1] < 90, name


@pytest.mark.parametrize("name", UNKNOWN_OUTCOME)
def test_a_start_with_an_unknown_outcome_is_repeated_with_the_same_resource(name: str) -> None:
    row, recorder, seconds, waits = with_card(), started(), 0.0, []
    while row.recorder_id is not None:
        change = step(row, recorder, turn_at(seconds), UNUSABLE[name])
        row = change.recording
        (recorder,) = change.recorders
        waits.append((row.next_step_at - at(seconds)).total_seconds())
        seconds += waits[-1]

    assert waits[:3] == [1, 3, 6]
    assert len(waits) == 4
    assert (recorder.wanted, recorder.gone_at) == (False, None), "the first start may have succeeded"


def test_already_started_without_a_sid_is_repeated_then_the_recorder_is_replaced() -> None:
    row, recorder = with_card(), started()
    for _ in range(4):
        change = step(row, recorder, turn_at(1), ALREADY_STARTED)
        row, (recorder,) = change.recording, change.recorders

    assert (row.recorder_id, row.state) == (None, State.STARTING)
    assert (recorder.wanted, recorder.gone_at) == (False, None)


@pytest.mark.parametrize("name", NOTHING_RUNS)
def test_a_first_start_that_was_not_carried_out_leaves_nothing_to_clean_up(name: str) -> None:
    after = step(with_card(), started(start_sent_at=None), turn_at(1), NOTHING_RUNS[name])

    assert [r.start_sent_at for r in after.recorders] == [None]


def test_a_server_fault_may_have_started_the_recorder() -> None:
    first = started(start_sent_at=None)
    sent = replace(first, start_sent_at=at(1))
    # As the engine does it: what is needed to find the recorder again is written before the call.
    change = step(with_card(), sent, turn_at(1), ServerFault("502 bad gateway", http_status=502))

    assert [r.start_sent_at for r in change.recorders] == [at(1)]


# coming up


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_a_recorder_that_is_coming_up_is_queried_again_soon(status: int) -> None:
    after = step(coming_up(), running(), turn_at(5), RecorderStatus(status))

    assert (after.recording.state, after.recording.probe.status) == (State.STARTING, status)
    assert after.recording.next_step_at == at(10)
    assert after.alerts == ()


def test_a_recorder_that_is_not_found_yet_is_queried_again() -> None:
    row, waits = coming_up(), []
    for _ in range(4):
        row = step(row, running(), turn_at(5), NOT_FOUND).recording
        waits.append((row.next_step_at - at(5)).total_seconds())

    assert row.state is State.STARTING
    assert waits == [5, 10, 15, 15]


@pytest.mark.parametrize("answer", [RecorderStatus(0), RecorderStatus(3), NOT_FOUND])
def test_a_recorder_that_does_not_come_up_in_time_has_never_started(answer: RecorderStatus | AgoraError) -> None:
    recorder = running(sid_at=at(10))
    waiting = step(coming_up(), recorder, turn_at(99), answer).recording
    assert (waiting.state, waiting.next_step_at) == (State.STARTING, at(100))

    after = step(waiting, recorder, turn_at(100), answer)

    assert failed(after) == (State.FAILED, Reason.NEVER_STARTED)
    assert [(r.wanted, r.gone_at) for r in after.recorders] == [(False, None)]
    assert len(after.alerts) == 1


@pytest.mark.parametrize("status", [4, 5])
def test_a_recorder_that_comes_up_late_is_up_all_the_same(status: int) -> None:
    assert step(coming_up(), running(), turn_at(500), RecorderStatus(status)).recording.state is State.RECORDING


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_answers_do_not_make_it_never_started(name: str) -> None:
    row = coming_up()
    for seconds in range(5, 2000, 30):
        row = step(row, running(), turn_at(seconds), UNUSABLE[name]).recording

    assert row.state is State.STARTING
