"""Putting off the end of a recording."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from recordings.lifecycle.policy import Policy
from recordings.model.recording import Recording
from recordings.service.extend import AtLatestEnd, Extended, ExtendService
from recordings.service.start_stop import AlreadyOver, NothingHere, SlackChannelRef, StopRequested
from tests.fakes.intents import request_stop
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock, at, over, up

HERE, THERE = SlackChannelRef("T1", "C1"), SlackChannelRef("T1", "C2")


@dataclass
class Desk:
    """A service on an empty store, and how often it woke the engine."""

    store: MemoryRecordings = field(default_factory=lambda: MemoryRecordings(Memory()))
    woken: int = 0

    def __post_init__(self) -> None:
        self.service = ExtendService(self.store, Policy(max_duration=3600, extension=600), FakeClock(), self.wake)

    def wake(self) -> None:
        self.woken += 1

    def has(self, recording: Recording) -> None:
        assert self.store.add_recording(recording, None) is None

    @property
    def row(self) -> Recording:
        found = self.store.recording("rec1")
        assert found is not None
        return found


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_later_end_is_written_down_with_who_wants_it_and_wakes_the_engine(desk: Desk) -> None:
    desk.has(up())

    assert desk.service.extend("rec1", HERE, "U2") == Extended(desk.row, at(4210))
    assert (desk.row.intent.ends_at, desk.row.intent.extended_by, desk.row.intent.revision) == (at(4210), "U2", 1)
    assert desk.woken == 1


def test_each_press_counts_from_the_end_that_the_one_before_made(desk: Desk) -> None:
    desk.has(up(ends_at=at(1000)))
    for by in ("U2", "U3", "U2"):
        desk.service.extend("rec1", HERE, by)

    assert (desk.row.intent.ends_at, desk.row.intent.extended_by) == (at(2800), "U2")


def test_a_press_that_is_delivered_again_changes_nothing(desk: Desk) -> None:
    desk.has(up())
    first = desk.service.extend("rec1", HERE, "U2", "press 1")
    desk.service.extend("rec1", HERE, "U3", "press 2")
    again = desk.service.extend("rec1", HERE, "U2", "press 1")

    assert first == Extended(first.recording, at(4210))
    assert again == Extended(desk.row, at(4810), again=True)
    assert desk.woken == 2


def test_a_press_is_known_again_when_the_recording_is_over(desk: Desk) -> None:
    desk.has(up())
    desk.service.extend("rec1", HERE, "U2", "press 1")
    request_stop(desk.store, "rec1", "U3", at(60))

    again = desk.service.extend("rec1", HERE, "U2", "press 1")
    assert isinstance(again, Extended)
    assert again.again


def test_as_late_as_can_be_and_then_no_later(desk: Desk) -> None:
    desk.has(up(ends_at=at(82_500)))

    assert desk.service.extend("rec1", HERE, "U2") == Extended(desk.row, at(82_810), cut=True)
    assert desk.service.extend("rec1", HERE, "U3") == AtLatestEnd(desk.row, at(82_810))
    assert (desk.row.intent.extended_by, desk.woken) == ("U2", 1)


def test_what_is_over_or_being_stopped_stays_as_it_is(desk: Desk) -> None:
    desk.has(over())
    assert desk.service.extend("rec1", HERE, "U2", "press 1") == AlreadyOver(over())
    assert desk.row == over()

    stopping = Desk()
    stopping.has(up(stop_at=at(50), stop_by="U3"))
    assert stopping.service.extend("rec1", HERE, "U2") == StopRequested(stopping.row, again=True)
    assert desk.woken + stopping.woken == 0


@pytest.mark.parametrize(("key", "place"), [("rec1", THERE), ("nobody", HERE), ("", HERE)])
def test_what_is_not_of_this_channel_is_not_here(desk: Desk, key: str, place: SlackChannelRef) -> None:
    desk.has(up())

    with pytest.raises(NothingHere):
        desk.service.extend(key, place, "U2")
    assert desk.row == up()
