"""The layout: how a recorder starts, when the layout is changed, and what Agora's answers mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recordings.errors import AgoraError
from recordings.lifecycle.actions import AllocateRecorder, Change, ChangeLayout, Outcome, Query, Reevaluate
from recordings.lifecycle.decide import apply_outcome
from recordings.model.options import AppliedLayout, Layout, Media, Options
from recordings.model.recording import Recording, State
from recordings.model.reported import ChannelUsers
from tests.fakes.rows import UID, at, changed, over, running, turn_at, up, with_card
from tests.fakes.steps import NOT_FOUND, REFUSED, UNUSABLE, next_action

TWO = ChannelUsers(hosts=frozenset({2000, 1000, UID}))
RETRIED = {name: error for name, error in UNUSABLE.items() if name != "400/2"}


def chosen(layout: Layout, **facts: Any) -> Recording:
    """A running recording with a grid, for which somebody chose another layout."""
    intent = {"chosen_layout": layout, "layout_by": "U2", "layout_at": at(20)}
    return up(**({"applied_layout": AppliedLayout(layout=Layout.GRID), "queried_at": at(15)} | intent | facts))


def after_answer(recording: Recording, answer: AgoraError | None = None, users: ChannelUsers | None = None) -> Change:
    outcome = Outcome(answer, users, frozenset({UID}))
    return apply_outcome(recording, running(), ChangeLayout(), outcome, turn_at(21))


def initial_layout(options: Options, users: ChannelUsers | None, **facts: Any) -> AppliedLayout:
    recording = with_card(recorder_id=None, recorder_count=0, options=options, **facts)
    outcome = Outcome(UID, users, frozenset({UID}))
    return apply_outcome(recording, None, AllocateRecorder(), outcome, turn_at(1)).recording.applied_layout


# the first layout


@pytest.mark.parametrize("layout", [Layout.FLOATING, Layout.GRID])
def test_a_recorder_starts_with_the_requested_layout(layout: Layout) -> None:
    assert initial_layout(Options(layout=layout), TWO) == AppliedLayout(layout=layout)


def test_the_person_with_the_lowest_uid_is_large_and_recorders_are_left_out() -> None:
    assert initial_layout(Options(layout=Layout.SPEAKER), TWO) == AppliedLayout(layout=Layout.SPEAKER, big_uid=1000)


@pytest.mark.parametrize("users", [None, ChannelUsers(), ChannelUsers(hosts=frozenset({UID}))])
def test_in_an_empty_call_the_speaker_layout_starts_as_a_grid(users: ChannelUsers | None) -> None:
    assert initial_layout(Options(layout=Layout.SPEAKER), users) == AppliedLayout(layout=Layout.GRID)


def test_a_layout_chosen_before_the_recorder_started_is_used_from_the_start() -> None:
    intent = {"chosen_layout": Layout.FLOATING, "layout_by": "U2", "layout_at": at(0)}

    assert initial_layout(Options(), TWO, **intent) == AppliedLayout(layout=Layout.FLOATING)


def test_audio_only_has_no_layout() -> None:
    assert initial_layout(Options(media=Media.AUDIO, layout=Layout.SPEAKER), TWO) == AppliedLayout()


# when it is changed


def test_a_chosen_layout_is_the_next_step_of_a_running_recording() -> None:
    assert next_action(chosen(Layout.FLOATING), running(), turn_at(20)) == ChangeLayout()
    assert next_action(chosen(Layout.GRID), running(), turn_at(20)) == Query(), "it has that layout already"
    assert next_action(up(), running(), turn_at(20)) == Query()


@pytest.mark.parametrize(
    "facts",
    [
        {"state": State.INTERRUPTED},
        {"options": Options(media=Media.AUDIO)},
        {"applied_layout": AppliedLayout(layout=Layout.GRID, due_at=at(30))},
        {"applied_layout": AppliedLayout(layout=Layout.GRID, refused_at=at(20))},
    ],
)
def test_the_recorder_is_queried_instead_while_a_layout_change_is_pointless(facts: dict[str, Any]) -> None:
    assert next_action(chosen(Layout.FLOATING, **facts), running(), turn_at(20)) == Query()


def test_a_stop_comes_before_a_layout() -> None:
    stopped = chosen(Layout.FLOATING, stop_at=at(20), stop_by="U3")

    assert next_action(stopped, running(), turn_at(20)) == Reevaluate()


# the answers


def test_a_confirmed_layout_is_applied_and_does_not_delay_the_next_query() -> None:
    change = after_answer(chosen(Layout.FLOATING))

    assert change.recording.applied_layout == AppliedLayout(layout=Layout.FLOATING)
    assert change.recording.next_step_at == at(45)
    assert change.alerts == ()


def test_the_speaker_layout_waits_until_somebody_is_in_the_call() -> None:
    alone = after_answer(chosen(Layout.SPEAKER), users=ChannelUsers(hosts=frozenset({UID}))).recording
    there = after_answer(chosen(Layout.SPEAKER), users=TWO).recording

    assert alone.applied_layout == AppliedLayout(layout=Layout.GRID, due_at=at(51))
    assert alone.next_step_at <= at(51)
    assert there.applied_layout == AppliedLayout(layout=Layout.SPEAKER, big_uid=1000)


@pytest.mark.parametrize("name", RETRIED)
def test_a_layout_change_without_a_usable_answer_is_retried_and_fails_nothing(name: str) -> None:
    recording = chosen(Layout.FLOATING)
    change = after_answer(recording, RETRIED[name])
    applied = change.recording.applied_layout

    assert (
        replace(change.recording, applied_layout=recording.applied_layout, next_step_at=recording.next_step_at)
        == recording
    )
    assert (applied.layout, applied.tries, applied.refused_at) == (Layout.GRID, 1, None)
    assert applied.due_at is not None
    assert at(21) < applied.due_at <= at(21 + 60)
    assert change.recording.next_step_at <= applied.due_at
    assert change.alerts == ()


def test_after_not_found_a_query_comes_first() -> None:
    change = after_answer(chosen(Layout.FLOATING), NOT_FOUND)

    assert change.recording.state is State.RECORDING
    assert change.recording.next_step_at == at(21)
    assert next_action(change.recording, running(), turn_at(21)) == Query()


def test_a_layout_change_that_is_never_found_is_tried_no_more_often_than_queries() -> None:
    recording = chosen(Layout.FLOATING)
    waits = []
    for _ in range(5):
        recording = after_answer(recording, NOT_FOUND).recording
        assert recording.applied_layout.due_at is not None
        waits.append((recording.applied_layout.due_at - at(21)).total_seconds())

    assert waits == [5, 5, 6, 30, 30]


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "401"])
def test_a_refused_layout_is_reported_once_and_given_up(name: str) -> None:
    error, _ = REFUSED[name]
    change = after_answer(chosen(Layout.FLOATING), error)

    assert change.recording.applied_layout == AppliedLayout(layout=Layout.GRID, refused_at=at(20), refusal=str(error))
    assert change.recording.state is State.RECORDING
    assert change.alerts == (), "a timeline entry reports it"
    assert next_action(change.recording, running(), turn_at(60)) == Query()


def test_a_refused_layout_is_not_the_one_that_the_recording_should_have() -> None:
    refused = after_answer(chosen(Layout.FLOATING), REFUSED["400/2"][0]).recording

    assert (refused.layout, refused.wanted_layout) == (Layout.GRID, Layout.FLOATING)


def test_after_a_refusal_another_layout_can_be_chosen() -> None:
    refused = after_answer(chosen(Layout.FLOATING), REFUSED["400/2"][0]).recording
    again = changed(refused, chosen_layout=Layout.SPEAKER, layout_at=at(60))

    assert next_action(again, running(), turn_at(60)) == ChangeLayout()


def test_a_recording_that_is_over_has_no_pending_layout() -> None:
    intent = {"chosen_layout": Layout.FLOATING, "layout_at": at(20)}

    assert over(**intent).layout is Layout.FLOATING
    assert over(**intent).current_options == Options(layout=Layout.FLOATING)
