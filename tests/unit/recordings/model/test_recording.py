"""Transitions of a recording, its card content, and the times of the next steps."""

from __future__ import annotations

from typing import Any

import pytest

from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.options import AppliedLayout, Layout, Options
from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, OVER, TRANSITIONS, IllegalTransition, Recording, State
from recordings.model.reported import Gap, Reported
from tests.fakes.rows import a_lost_segment, a_recording, at, over, up


def test_a_listed_transition_is_legal() -> None:
    for before, successors in TRANSITIONS.items():
        for after in successors:
            assert up(state=before).with_state(after).state is after


def test_any_other_transition_is_an_error() -> None:
    for before in State:
        for after in set(State) - TRANSITIONS[before] - {before}:
            with pytest.raises(IllegalTransition, match=f"rec1: {before} does not lead to {after}"):
                up(state=before).with_state(after)


@pytest.mark.parametrize("state", State)
def test_staying_in_a_state_is_legal(state: State) -> None:
    assert up(state=state).with_state(state) == up(state=state)


def test_the_transitions_are_those_in_the_documentation() -> None:
    assert {str(a): sorted(map(str, b)) for a, b in TRANSITIONS.items()} == {
        "starting": ["ended", "failed", "recording", "stopping"],
        "recording": ["ended", "failed", "interrupted", "stopping", "uploading"],
        "interrupted": ["ended", "failed", "recording", "stopping", "uploading"],
        "stopping": ["ended", "uploading"],
        "uploading": ["ended"],
        "ended": [],
        "failed": [],
    }


def test_a_recording_that_is_over_has_no_transitions_and_holds_no_channel() -> None:
    assert {state for state in State if not TRANSITIONS[state]} == OVER
    assert not OVER & HOLDS_CHANNEL
    assert State.UPLOADING not in HOLDS_CHANNEL


def test_a_query_does_not_change_the_card() -> None:
    before = up()
    queried = up(queried_at=at(30), tries=3, next_step_at=at(60), not_found=1, unanswered_since=at(30), revision=2)

    assert queried.card_content == before.card_content


@pytest.mark.parametrize(
    "change",
    [
        {"state": State.STOPPING},
        {"reason": Reason.IDLE},
        {"first_file_at": at(99)},
        {"stop_by": "U9"},
        {"files": ("a.mp4",)},
        {"confirmation_expired": True},
        {"unanswered_since": at(30), "unanswered_reason": Reason.UNAUTHORIZED},
        {"state": State.INTERRUPTED, "not_found_since": at(30), "not_found": 1, "found_empty": 1},
    ],
)
def test_a_fact_that_the_card_shows_changes_it(change: dict[str, object]) -> None:
    assert up(**change).card_content != up().card_content


def test_a_stop_is_rejected_while_agora_rejects_the_credentials() -> None:
    rejected = {"unanswered_since": at(30), "unanswered_reason": Reason.UNAUTHORIZED}

    assert up(state=State.STOPPING, **rejected).is_stop_rejected
    assert up(state=State.STOPPING, **rejected).card_content != up(state=State.STOPPING).card_content
    assert not up(**rejected).is_stop_rejected
    assert not up(state=State.STOPPING, unanswered_since=at(30)).is_stop_rejected


def test_a_doubt_that_the_card_shows_already_does_not_change_it() -> None:
    lost = {"state": State.INTERRUPTED, "not_found_since": at(30), "not_found": 1}

    assert up(**lost, confirmation_expired=True).card_content == up(**lost).card_content
    assert up(**lost | {"not_found": 5}).card_content == up(**lost).card_content


EMPTY_CALL: dict[str, Any] = {"first_file_at": None, "status": 4, "most_people": 0}


def test_nobody_joined_if_every_user_list_was_empty_and_nothing_says_otherwise() -> None:
    assert up(**EMPTY_CALL).nobody_joined
    assert over(**EMPTY_CALL, reason=Reason.IDLE).nobody_joined


@pytest.mark.parametrize(
    "evidence",
    [
        {"most_people": 1},
        {"most_people": None},
        {"started_at": None},
        {"status": 5},
        {"first_file_at": at(20)},
        {"files": ("a.m3u8",)},
        {"lost_segments": (a_lost_segment(),)},
        {"uploading_status": "backuped"},
        {"reported": Reported(stored_at=at(20))},
        {"reported": Reported(media_received=True)},
        {"reported": Reported(gaps=(Gap(begun_at=at(1), ended_at=at(2)),))},
        {"reported": Reported(progress=1)},
        {"reported": Reported(upload_error_at=at(20))},
        {"reported": Reported(backup_at=at(20))},
    ],
)
def test_any_sign_of_people_or_media_contradicts_that_nobody_joined(evidence: dict[str, Any]) -> None:
    assert not up(**EMPTY_CALL | evidence).nobody_joined


def uploading(**facts: Any) -> Recording:
    return up(**({"state": State.UPLOADING, "reported": Reported(progress=10_000)} | facts))


def test_the_upload_progress_is_shown_in_tenths() -> None:
    assert uploading().upload_tenths == 10
    assert uploading(reported=Reported(progress=8_399)).upload_tenths == 8
    assert uploading(reported=Reported(progress=999)).upload_tenths is None
    assert up(reported=Reported(progress=9_000)).upload_tenths is None, "while it records, more is to come"


@pytest.mark.parametrize(
    "facts",
    [
        {"uploading_status": "backuped"},
        {"delivery": Delivery(state=DeliveryState.IN_BACKUP)},
        {"reported": Reported(progress=10_000, upload_warning_open=True)},
        {"reported": Reported(progress=10_000, progress_at=at(1), upload_error_at=at(2))},
    ],
)
def test_no_progress_is_claimed_while_files_can_not_be_stored(facts: dict[str, Any]) -> None:
    assert uploading(**facts).upload_tenths is None


def test_after_a_refusal_the_recording_should_have_the_layout_that_it_has() -> None:
    refused = up(
        chosen_layout=Layout.SPEAKER,
        layout_at=at(20),
        applied_layout=AppliedLayout(layout=Layout.FLOATING, refused_at=at(20)),
    )

    assert (refused.layout, refused.current_layout, refused.wanted_layout) == (
        Layout.FLOATING,
        Layout.FLOATING,
        Layout.SPEAKER,
    )
    assert refused.current_options.layout is Layout.FLOATING


def test_the_requested_duration_can_be_repeated() -> None:
    assert over(options=Options(lasts=2700), ends_at=at(2700)).current_options.lasts == 2700
    assert over(options=Options(lasts=2700), ends_at=at(9999), extended_by="U2").current_options.lasts == 2700
    assert over(ends_at=at(2688.5)).current_options.lasts == 2700, "an end time, to the minute"
    assert over(ends_at=at(9999), extended_by="U2").current_options.lasts is None
    assert over().current_options.lasts is None


def test_a_new_recording_is_starting() -> None:
    assert a_recording().state is State.STARTING
    assert not a_recording().is_over
