"""Extend: the end moves, up to the latest end, and each delivery counts once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from recordings.lifecycle.policy import Policy
from recordings.model.recording import Recording
from recordings.model.requester import SlackChannelRef
from recordings.service.extend import AtLatestEnd, Extended, ExtendService
from recordings.service.lookup import NothingHere
from recordings.service.outcomes import AlreadyOver, StopRequested
from tests.fakes.access import HERE, THERE, user
from tests.fakes.intents import request_stop
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock, at, over, up

BEN, CHO = user("U2"), user("U3")


@dataclass
class Stack:
    """A service on empty repositories, and how often it woke the engine."""

    recordings: MemoryRecordings = field(default_factory=lambda: MemoryRecordings(Memory()))
    woken: int = 0

    def __post_init__(self) -> None:
        self.service = ExtendService(self.recordings, Policy(max_duration=3600, extension=600), FakeClock(), self.wake)

    def wake(self) -> None:
        self.woken += 1

    def has(self, recording: Recording) -> None:
        assert self.recordings.add_recording(recording, None) is None

    @property
    def row(self) -> Recording:
        recording = self.recordings.recording("rec1")
        assert recording is not None
        return recording


@pytest.fixture
def stack() -> Stack:
    return Stack()


def test_the_later_end_is_saved_with_the_person_and_wakes_the_engine(stack: Stack) -> None:
    stack.has(up())

    assert stack.service.extend("rec1", BEN) == Extended(stack.row, at(4210))
    assert (stack.row.intent.ends_at, stack.row.intent.extended_by, stack.row.intent.revision) == (at(4210), "U2", 1)
    assert stack.woken == 1


def test_each_press_counts_from_the_end_that_the_press_before_set(stack: Stack) -> None:
    stack.has(up(ends_at=at(1000)))
    for person in (BEN, CHO, BEN):
        stack.service.extend("rec1", person)

    assert (stack.row.intent.ends_at, stack.row.intent.extended_by) == (at(2800), "U2")


def test_a_redelivered_press_changes_nothing(stack: Stack) -> None:
    stack.has(up())
    first = stack.service.extend("rec1", BEN, "press 1")
    stack.service.extend("rec1", CHO, "press 2")
    second = stack.service.extend("rec1", BEN, "press 1")

    assert first == Extended(first.recording, at(4210))
    assert second == Extended(stack.row, at(4810), redelivered=True)
    assert stack.woken == 2


def test_a_press_is_recognised_after_the_recording_is_over(stack: Stack) -> None:
    stack.has(up())
    stack.service.extend("rec1", BEN, "press 1")
    request_stop(stack.recordings, "rec1", "U3", at(60))

    second = stack.service.extend("rec1", BEN, "press 1")
    assert isinstance(second, Extended)
    assert second.redelivered


def test_the_last_extension_is_cut_at_the_latest_end_and_then_there_is_none(stack: Stack) -> None:
    stack.has(up(ends_at=at(82_500)))

    assert stack.service.extend("rec1", BEN) == Extended(stack.row, at(82_810), cut=True)
    assert stack.service.extend("rec1", CHO) == AtLatestEnd(stack.row, at(82_810))
    assert (stack.row.intent.extended_by, stack.woken) == ("U2", 1)


def test_a_recording_that_is_over_or_being_stopped_is_not_extended(stack: Stack) -> None:
    stack.has(over())
    assert stack.service.extend("rec1", BEN, "press 1") == AlreadyOver(over())
    assert stack.row == over()

    stopping = Stack()
    stopping.has(up(stop_at=at(50), stop_by="U3"))
    assert stopping.service.extend("rec1", BEN) == StopRequested(stopping.row, already_requested=True)
    assert stack.woken + stopping.woken == 0


@pytest.mark.parametrize(("recording_id", "channel"), [("rec1", THERE), ("nobody", HERE), ("", HERE)])
def test_a_recording_of_another_slack_channel_does_not_exist_here(
    stack: Stack, recording_id: str, channel: SlackChannelRef
) -> None:
    stack.has(up())

    with pytest.raises(NothingHere):
        stack.service.extend(recording_id, user("U2", channel))
    assert stack.row == up()
