"""Nobody ever joined: what counts as that, and that such a recording owes no files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recordings.errors import AgoraError
from recordings.lifecycle import notifications
from recordings.lifecycle.actions import AllocateRecorder, CallResult, Outcome, Query, Stop
from recordings.lifecycle.decide import apply_outcome, decide, needs_listing, needs_users
from recordings.model.alerts import AlertKind
from recordings.model.notifications import NotificationEvent
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from tests.fakes.agora_notifications import new_notification
from tests.fakes.rows import UID, at, coming_up, over, running, turn_at, up, with_card
from tests.fakes.steps import (
    EMPTY,
    NOT_FOUND,
    NOTHING_RECORDED,
    ONLY_AN_AUDIENCE,
    ONLY_THE_RECORDER,
    SOMEBODY,
    step,
)

FOUR = RecorderStatus(4)
ALONE: dict[str, Any] = {"first_file_at": None, "status": 4, "most_people": 0, "people_count": 0}
STOP_REQUEST = {"stop_at": at(50), "stop_by": "U2"}


def listed(*lists: ChannelUsers | None) -> int | None:
    """The most people of these lists: while the recorder is allocated, at its first query, and after that."""
    recording = with_card(recorder_id=None, recorder_count=0)
    outcome = Outcome(UID, lists[0], frozenset({UID}))
    recording = apply_outcome(recording, None, AllocateRecorder(), outcome, turn_at(1)).recording
    recording = replace(recording, sid="SID")
    for number, users in enumerate(lists[1:]):
        recording = step(recording, running(), turn_at(5 + 30 * number), FOUR, users).recording
    return recording.most_people


def test_the_most_people_of_all_user_lists_are_kept() -> None:
    two = ChannelUsers(hosts=frozenset({1000, 1001, UID}))

    assert listed(EMPTY, EMPTY, ONLY_THE_RECORDER) == 0
    assert listed(None, EMPTY, None) == 0
    assert listed(EMPTY, SOMEBODY, two, EMPTY) == 2
    assert listed(EMPTY, ONLY_AN_AUDIENCE, EMPTY) == 1
    assert listed(None, None) is None


def test_a_row_of_the_previous_release_does_not_claim_that_nobody_ever_joined() -> None:
    assert step(up(**ALONE | {"most_people": None}), running(), turn_at(40), FOUR, EMPTY).recording.most_people is None
    before = up(**ALONE | {"most_people": None, "people_count": 3})
    assert step(before, running(), turn_at(40), FOUR, EMPTY).recording.most_people == 3


def test_people_are_counted_at_every_query_while_nothing_is_stored() -> None:
    assert needs_users(coming_up(), Query(), FOUR, turn_at(5))
    assert needs_users(up(**ALONE), Query(), FOUR, turn_at(40))


@pytest.mark.parametrize(
    ("action", "answer"),
    [(Query(), NOT_FOUND), (Query(), RecorderStatus(7)), (Stop(), StopAccepted()), (Stop(), NOT_FOUND)],
)
def test_people_are_counted_once_more_at_the_end(action: Query | Stop, answer: CallResult) -> None:
    assert needs_users(up(**ALONE), action, answer, turn_at(40))


@pytest.mark.parametrize(
    ("action", "answer"),
    [(Query(), NOT_FOUND), (Query(), RecorderStatus(7)), (Query(), RecorderStatus(20)), (Stop(), NOT_FOUND)],
)
def test_the_bucket_is_looked_at_once_more_at_the_end(action: Query | Stop, answer: CallResult) -> None:
    assert needs_listing(up(**ALONE), action, answer)
    assert not needs_listing(up(**ALONE | {"most_people": 1}), action, answer)


def after_idle(users: ChannelUsers | None = EMPTY, stored_at: float | None = None) -> Recording:
    """Two queries do not find the recorder, and these users are listed."""
    recording = up(**ALONE)
    for seconds in (40, 45):
        turn = turn_at(seconds)
        moment = None if stored_at is None else at(stored_at)
        outcome = Outcome(NOT_FOUND, users, frozenset({UID}), stored_at=moment)
        recording = apply_outcome(recording, running(), decide(recording, running(), turn), outcome, turn).recording
    return recording


def test_an_empty_call_that_ends_by_itself_owes_no_files() -> None:
    ended = after_idle()

    assert (ended.state, ended.reason, ended.nobody_joined) == (State.ENDED, Reason.IDLE, True)
    assert ended.is_complete


def test_a_file_in_the_bucket_shows_that_somebody_joined_all_the_same() -> None:
    ended = after_idle(stored_at=30)

    assert (ended.nobody_joined, ended.first_file_at, ended.files_awaited) == (False, at(30), True)


def stopped(
    answer: AgoraError | StopAccepted, users: ChannelUsers | None, *, then: CallResult = NOT_FOUND
) -> Recording:
    """Somebody stops an empty call; what Agora answers and lists, and what the query after that finds."""
    recording = step(up(**ALONE, **STOP_REQUEST), running(), turn_at(50)).recording
    recording = step(recording, running(), turn_at(50), answer, users).recording
    return recording if recording.is_over else step(recording, running(), turn_at(55), then).recording


def test_an_empty_call_that_is_stopped_owes_no_files() -> None:
    ended = stopped(StopAccepted((), "unknown"), EMPTY)
    no_media = stopped(NOTHING_RECORDED, None)

    assert (ended.state, ended.reason, ended.is_complete) == (State.ENDED, Reason.STOPPED, True)
    assert (no_media.state, no_media.reason, no_media.is_complete) == (State.ENDED, Reason.NO_MEDIA, True)


def test_somebody_who_joined_just_before_the_stop_is_counted() -> None:
    recording = stopped(StopAccepted((), "unknown"), SOMEBODY)

    assert (recording.state, recording.files_awaited, recording.most_people) == (State.UPLOADING, True, 1)


def test_an_empty_call_that_fails_owes_no_files() -> None:
    failed = step(up(**ALONE), running(), turn_at(40), RecorderStatus(20)).recording

    assert (failed.state, failed.reason, failed.is_complete) == (State.FAILED, Reason.CRASHED, True)


def test_at_the_time_limit_an_empty_call_owes_no_files() -> None:
    begun = up(**ALONE, ends_at=at(50))
    stopping = step(begun, running(), turn_at(50)).recording
    accepted = step(stopping, running(), turn_at(51), StopAccepted(), EMPTY).recording
    change = step(accepted, running(), turn_at(56), NOT_FOUND)

    assert (change.recording.reason, change.recording.is_complete) == (Reason.TIME_LIMIT, True)
    assert [(alert.kind, alert.reason) for alert in change.alerts] == [(AlertKind.ENDED, Reason.TIME_LIMIT)]


def test_files_that_agora_names_after_the_end_are_checked_for() -> None:
    ended = over(**ALONE, sid="SID")
    named = new_notification(id="n", event=NotificationEvent.UPLOADED, sid="SID", files=("a.m3u8",), code=0)
    nothing = replace(named, files=())

    assert notifications.apply(ended, None, [named], turn_at(200)).recording.files_awaited
    assert not notifications.apply(ended, None, [nothing], turn_at(200)).recording.files_awaited


def test_a_backup_that_agora_reports_after_the_end_is_checked_for_even_if_no_file_is_named() -> None:
    ended = over(**ALONE, sid="SID")
    backup = new_notification(id="n", event=NotificationEvent.IN_BACKUP, sid="SID", files=())

    after = notifications.apply(ended, None, [backup], turn_at(200)).recording

    assert (after.nobody_joined, after.files_awaited, after.is_complete) == (False, True, False)
