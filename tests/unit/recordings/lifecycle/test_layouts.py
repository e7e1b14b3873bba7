"""The layout: what a recorder begins with, when Agora is asked for another, and what its answers mean."""

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
from tests.fakes.steps import NOT_FOUND, REFUSED, UNUSABLE, decided

TWO = ChannelUsers(hosts=frozenset({2000, 1000, UID}))
RETRIED = {name: error for name, error in UNUSABLE.items() if name != "400/2"}


def chosen(layout: Layout, **facts: Any) -> Recording:
    """Up as a grid, and somebody chose another layout."""
    wish = {"chosen_layout": layout, "layout_by": "U2", "layout_at": at(20)}
    return up(**({"applied_layout": AppliedLayout(layout=Layout.GRID), "queried_at": at(15)} | wish | facts))


def answered(recording: Recording, answer: AgoraError | None = None, users: ChannelUsers | None = None) -> Change:
    outcome = Outcome(answer, users, frozenset({UID}))
    return apply_outcome(recording, running(), ChangeLayout(), outcome, turn_at(21))


def allotted(options: Options, users: ChannelUsers | None, **facts: Any) -> AppliedLayout:
    recording = with_card(recorder_id=None, recorder_count=0, options=options, **facts)
    outcome = Outcome(UID, users, frozenset({UID}))
    return apply_outcome(recording, None, AllocateRecorder(), outcome, turn_at(1)).recording.applied_layout


# what it begins with


@pytest.mark.parametrize("layout", [Layout.FLOATING, Layout.GRID])
def test_a_recorder_begins_with_the_layout_that_it_was_asked_for_with(layout: Layout) -> None:
    assert allotted(Options(layout=layout), TWO) == AppliedLayout(layout=layout)


def test_who_is_large_is_whoever_has_the_lowest_uid_the_recorders_left_out() -> None:
    assert allotted(Options(layout=Layout.SPEAKER), TWO) == AppliedLayout(layout=Layout.SPEAKER, big_uid=1000)


@pytest.mark.parametrize("users", [None, ChannelUsers(), ChannelUsers(hosts=frozenset({UID}))])
def test_where_nobody_is_there_the_speaker_layout_begins_as_a_grid(users: ChannelUsers | None) -> None:
    assert allotted(Options(layout=Layout.SPEAKER), users) == AppliedLayout(layout=Layout.GRID)


def test_a_choice_that_came_before_the_recorder_is_heeded_at_once() -> None:
    wish = {"chosen_layout": Layout.FLOATING, "layout_by": "U2", "layout_at": at(0)}

    assert allotted(Options(), TWO, **wish) == AppliedLayout(layout=Layout.FLOATING)


def test_sound_only_has_no_layout() -> None:
    assert allotted(Options(media=Media.AUDIO, layout=Layout.SPEAKER), TWO) == AppliedLayout()


# when Agora is asked


def test_a_choice_is_the_next_step_of_a_recording_that_is_up() -> None:
    assert decided(chosen(Layout.FLOATING), running(), turn_at(20)) == ChangeLayout()
    assert decided(chosen(Layout.GRID), running(), turn_at(20)) == Query(), "it has that one"
    assert decided(up(), running(), turn_at(20)) == Query()


@pytest.mark.parametrize(
    "facts",
    [
        {"state": State.INTERRUPTED},
        {"options": Options(media=Media.AUDIO)},
        {"applied_layout": AppliedLayout(layout=Layout.GRID, due_at=at(30))},
        {"applied_layout": AppliedLayout(layout=Layout.GRID, refused_at=at(20))},
    ],
)
def test_while_it_is_of_no_use_the_recorder_is_asked_how_it_is_instead(facts: dict[str, Any]) -> None:
    assert decided(chosen(Layout.FLOATING, **facts), running(), turn_at(20)) == Query()


def test_a_stop_comes_before_a_layout() -> None:
    stopped = chosen(Layout.FLOATING, stop_at=at(20), stop_by="U3")

    assert decided(stopped, running(), turn_at(20)) == Reevaluate()


# what Agora answers


def test_what_agora_agreed_to_is_shown_and_the_next_query_comes_when_it_would_have_come() -> None:
    change = answered(chosen(Layout.FLOATING))

    assert change.recording.applied_layout == AppliedLayout(layout=Layout.FLOATING)
    assert change.recording.next_step_at == at(45)
    assert change.alerts == ()


def test_the_speaker_layout_waits_for_somebody() -> None:
    alone = answered(chosen(Layout.SPEAKER), users=ChannelUsers(hosts=frozenset({UID}))).recording
    there = answered(chosen(Layout.SPEAKER), users=TWO).recording

    assert alone.applied_layout == AppliedLayout(layout=Layout.GRID, due_at=at(51))
    assert alone.next_step_at <= at(51)
    assert there.applied_layout == AppliedLayout(layout=Layout.SPEAKER, big_uid=1000)


@pytest.mark.parametrize("name", RETRIED)
def test_what_says_nothing_is_tried_again_and_is_no_failure(name: str) -> None:
    recording = chosen(Layout.FLOATING)
    change = answered(recording, RETRIED[name])
    shown = change.recording.applied_layout

    assert (
        replace(change.recording, applied_layout=recording.applied_layout, next_step_at=recording.next_step_at)
        == recording
    )
    assert (shown.layout, shown.tries, shown.refused_at) == (Layout.GRID, 1, None)
    assert shown.due_at is not None
    assert at(21) < shown.due_at <= at(21 + 60)
    assert change.recording.next_step_at <= shown.due_at
    assert change.alerts == ()


def test_not_found_makes_a_query_come_first() -> None:
    change = answered(chosen(Layout.FLOATING), NOT_FOUND)

    assert change.recording.state is State.RECORDING
    assert change.recording.next_step_at == at(21)
    assert decided(change.recording, running(), turn_at(21)) == Query()


def test_not_found_again_and_again_though_the_recorder_is_there_is_tried_no_more_often_than_it_is_queried() -> None:
    recording = chosen(Layout.FLOATING)
    is_pending = []
    for _ in range(5):
        recording = answered(recording, NOT_FOUND).recording
        assert recording.applied_layout.due_at is not None
        is_pending.append((recording.applied_layout.due_at - at(21)).total_seconds())

    assert is_pending == [5, 5, 6, 30, 30]


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "401"])
def test_a_refusal_is_told_once_and_the_choice_given_up(name: str) -> None:
    error, _ = REFUSED[name]
    change = answered(chosen(Layout.FLOATING), error)

    assert change.recording.applied_layout == AppliedLayout(layout=Layout.GRID, refused_at=at(20), refusal=str(error))
    assert change.recording.state is State.RECORDING
    assert change.alerts == (), "a line in the thread tells"
    assert decided(change.recording, running(), turn_at(60)) == Query()


def test_after_a_refusal_another_choice_is_asked_for() -> None:
    refused = answered(chosen(Layout.FLOATING), REFUSED["400/2"][0]).recording
    again = changed(refused, chosen_layout=Layout.SPEAKER, layout_at=at(60))

    assert decided(again, running(), turn_at(60)) == ChangeLayout()


def test_one_that_is_over_waits_for_no_layout() -> None:
    wish = {"chosen_layout": Layout.FLOATING, "layout_at": at(20)}

    assert over(**wish).layout is Layout.FLOATING
    assert over(**wish).current_options == Options(layout=Layout.FLOATING)
