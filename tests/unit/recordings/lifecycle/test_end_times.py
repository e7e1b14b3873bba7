"""When a recording ends, how far it can be extended, and when the channel is warned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from recordings.lifecycle.actions import Query, Reevaluate, Stop
from recordings.lifecycle.end_times import end_after_extension, end_of
from recordings.lifecycle.policy import Policy
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import RecorderStatus
from tests.fakes.rows import a_recording, at, changed, coming_up, over, running, turn_at, up
from tests.fakes.steps import NOT_FOUND, SOMEBODY, UNUSABLE, next_action, step

FIVE = RecorderStatus(5)
HOUR, DAY = 3600.0, 86_400.0
LONGEST = 82_800.0


# the end


@pytest.mark.parametrize(
    ("facts", "default_duration", "end"),
    [
        ({}, HOUR, 10 + HOUR),
        ({"ends_at": at(2700)}, HOUR, 2700),
        ({"ends_at": at(2 * HOUR)}, HOUR, 2 * HOUR),
        ({"ends_at": at(DAY)}, HOUR, 10 + LONGEST),
        ({"started_at": None}, HOUR, HOUR),
        ({}, 2 * DAY, 10 + 2 * DAY),
        ({"ends_at": at(2 * DAY)}, 2 * DAY, 2 * DAY),
    ],
)
def test_a_recording_ends_at_the_chosen_time_or_after_the_default_duration(
    facts: dict[str, Any], default_duration: float, end: float
) -> None:
    assert end_of(up(**facts), default_duration) == at(end)


def test_an_extension_counts_from_the_current_end() -> None:
    assert end_after_extension(up(), HOUR, 1800) == at(10 + HOUR + 1800)
    assert end_after_extension(up(ends_at=at(2700)), HOUR, 1800) == at(4500)
    assert end_after_extension(a_recording(), HOUR, 1800) == at(HOUR + 1800)


def test_a_recording_can_be_extended_to_23_hours_and_no_further() -> None:
    assert end_after_extension(up(ends_at=at(LONGEST - 600)), HOUR, 1800) == at(10 + LONGEST)
    assert end_after_extension(up(ends_at=at(10 + LONGEST)), HOUR, 1800) is None
    assert end_after_extension(up(), 2 * DAY, 1800) is None


@pytest.mark.parametrize(
    "row",
    [
        over(),
        up(state=State.UPLOADING),
        up(state=State.STOPPING, stop_reason=Reason.TIME_LIMIT),
        up(stop_at=at(50), stop_by="U2"),
    ],
)
def test_a_recording_that_is_over_or_being_stopped_can_not_be_extended(row: Recording) -> None:
    assert end_after_extension(row, HOUR, 1800) is None


def test_at_the_chosen_end_the_recording_is_stopped() -> None:
    row = step(up(ends_at=at(100)), running(), turn_at(95), FIVE).recording
    assert row.next_step_at == at(100)

    after = step(row, running(), turn_at(100)).recording
    assert (after.state, after.stop_reason) == (State.STOPPING, Reason.TIME_LIMIT)
    assert next_action(after, running(), turn_at(100)) == Stop()


def test_only_a_stop_at_the_time_limit_gives_way_to_an_intent_that_arrives_meanwhile() -> None:
    assert step(up(ends_at=at(100)), running(), turn_at(100)).only_if_unchanged
    assert not step(up(stop_at=at(50), stop_by="U2"), running(), turn_at(100)).only_if_unchanged


def test_a_recording_that_is_not_up_yet_is_not_stopped_at_its_end() -> None:
    late = coming_up(ends_at=at(60))

    assert next_action(late, running(), turn_at(70)) == Query()
    row = step(late, running(), turn_at(70), FIVE).recording
    assert (row.state, row.next_step_at) == (State.RECORDING, at(70))
    assert step(row, running(), turn_at(70)).recording.stop_reason is Reason.TIME_LIMIT


def test_the_end_is_on_time_whatever_agora_answers_before() -> None:
    for answer in (*UNUSABLE.values(), NOT_FOUND):
        row = step(up(ends_at=at(100)), running(), turn_at(99.5), answer, SOMEBODY).recording
        assert row.next_step_at <= at(100), answer


# warnings


def steps_due(row: Recording, seconds: float, policy: Policy | None = None) -> tuple[Recording, list[str]]:
    """The row after the steps that are due at this moment, and the causes of the warnings."""
    turn = turn_at(seconds, policy)
    causes: list[str] = []
    for _ in range(3):
        if row.next_step_at <= turn.now and row.state is State.RECORDING:
            change = step(row, running(), turn, FIVE)
            row, causes = change.recording, causes + [alert.cause for alert in change.alerts]
    return row, causes


def warned_at(row: Recording, policy: Policy, until: float) -> list[float]:
    """The times of the warnings, in seconds, if every step is taken on time."""
    moments: list[float] = []
    while row.state is State.RECORDING and row.next_step_at <= at(until):
        seconds = (row.next_step_at - at(0)).total_seconds()
        change = step(row, running(), turn_at(seconds, policy), FIVE)
        moments += [seconds for alert in change.alerts if alert.reason is Reason.ENDING_SOON]
        row = change.recording
    return moments


@pytest.mark.parametrize(
    ("length", "leads"),
    [
        (14_400, [600, 60]),
        (1200, [600, 60]),
        (1199, [60]),
        (300, [60]),
        (120, [60]),
        (119, []),
        (60, []),
    ],
)
def test_warnings_are_on_time_and_never_in_the_first_half(length: int, leads: list[int]) -> None:
    moments = warned_at(up(ends_at=at(length)), Policy(), length + 60)

    assert moments == [length - lead for lead in leads]


def test_the_default_end_has_warnings_too() -> None:
    assert warned_at(up(), Policy(max_duration=3600), 4000) == [3010, 3550]


def test_each_warning_names_its_end_and_is_raised_once() -> None:
    row, first = steps_due(up(ends_at=at(3600), queried_at=at(2999)), 3000)
    assert first == ["ending_soon-20260617124200000000-600"]
    for seconds in (3005, 3030, 3200):
        row, repeated = steps_due(replace(row, next_step_at=at(seconds)), seconds)
        assert repeated == []
    _, second = steps_due(row, 3540)
    assert second == ["ending_soon-20260617124200000000-60"]


def test_the_warning_contains_the_end_even_if_it_is_the_default_one() -> None:
    change = step(up(), running(), turn_at(10 + 14_400 - 600))

    (alert,) = change.alerts
    assert alert.recording.intent.ends_at == at(10 + 14_400)
    assert change.recording.intent.ends_at is None, "nobody chose it"


def test_after_a_pause_only_the_current_warning_is_raised() -> None:
    assert len(steps_due(up(ends_at=at(3600)), 3550)[1]) == 1
    assert steps_due(up(ends_at=at(3600)), 3600)[1] == []


def test_another_end_has_its_own_warnings() -> None:
    row, _ = steps_due(up(ends_at=at(3600)), 3000)
    row = changed(row, ends_at=at(5400))
    assert steps_due(replace(row, next_step_at=at(3010)), 3010)[1] == []

    assert steps_due(row, 4800)[1] == ["ending_soon-20260617131200000000-600"]


@pytest.mark.parametrize("facts", [{"stop_at": at(50), "stop_by": "U2"}, {"state": State.STOPPING}])
def test_a_recording_that_is_being_stopped_has_no_warnings(facts: dict[str, Any]) -> None:
    change = step(up(ends_at=at(3600), **facts), running(), turn_at(3000), NOT_FOUND)
    assert change.alerts == ()


def test_an_interrupted_recording_has_warnings_too() -> None:
    interrupted = up(state=State.INTERRUPTED, ends_at=at(3600), not_found=1, not_found_since=at(2990))
    assert next_action(interrupted, running(), turn_at(3000)) == Reevaluate()

    change = step(interrupted, running(), turn_at(3000))
    assert [alert.reason for alert in change.alerts] == [Reason.ENDING_SOON]
    assert change.recording.state is State.INTERRUPTED


def test_after_a_warning_the_next_query_is_soon_and_not_at_once() -> None:
    row = step(up(ends_at=at(3600), queried_at=at(2999)), running(), turn_at(3000)).recording
    assert row.next_step_at - at(2999) == timedelta(seconds=5)
    row = step(up(ends_at=at(3600), queried_at=at(2900)), running(), turn_at(3000)).recording
    assert row.next_step_at == at(3000)
