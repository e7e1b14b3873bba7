"""Transitions of a recording, its card content, and the times of the next steps."""

from __future__ import annotations

import pytest

from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, OVER, TRANSITIONS, IllegalTransition, State
from tests.fakes.rows import a_recording, at, up


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
    ],
)
def test_a_fact_that_the_card_shows_changes_it(change: dict[str, object]) -> None:
    assert up(**change).card_content != up().card_content


def test_a_new_recording_is_starting() -> None:
    assert a_recording().state is State.STARTING
    assert not a_recording().is_over
