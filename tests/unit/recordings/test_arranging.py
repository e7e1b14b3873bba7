"""Choosing another layout."""

from __future__ import annotations

from typing import Any

import pytest

from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.options import AppliedLayout, Layout, Media, Options
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.service.layout import LayoutRequested, LayoutService, LayoutUnchanged, NoPicture
from recordings.service.start_stop import AlreadyOver, NothingHere, SlackChannelRef, StopRequested
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock, a_recording, at, over, up

HERE, THERE = SlackChannelRef("T1", "C1"), SlackChannelRef("T1", "C2")


class Desk:
    """A service on a store with one recording, and how often it woke the engine."""

    def __init__(self, recording: Recording) -> None:
        self.memory, self.woken = Memory(), 0
        self.store = MemoryRecordings(self.memory)
        self.service = LayoutService(self.store, FakeClock(), self.wake)
        assert self.store.add_recording(recording, None) is None

    def wake(self) -> None:
        self.woken += 1

    def chooses(self, layout: Layout, by: str = "U2", request: str | None = None, place: SlackChannelRef = HERE) -> Any:
        return self.service.choose("rec1", layout, place, by, request)

    @property
    def row(self) -> Recording:
        found = self.store.recording("rec1")
        assert found is not None
        return found


@pytest.mark.parametrize("recording", [up(), a_recording(), up(state=State.INTERRUPTED)])
def test_a_choice_is_written_down_with_who_made_it_and_wakes_the_engine(recording: Recording) -> None:
    desk = Desk(recording)

    assert desk.chooses(Layout.SPEAKER) == LayoutRequested(desk.row)
    assert (desk.row.intent.layout, desk.row.intent.layout_by, desk.row.intent.revision) == (Layout.SPEAKER, "U2", 1)
    assert desk.woken == 1
    assert desk.memory.audit_events == [
        AuditEvent(
            at=at(0),
            who="U2",
            what=AuditAction.CHANGED_LAYOUT,
            source=Source.BUTTON,
            recording_id="rec1",
            slack_channel="C1",
            detail="speaker",
        )
    ]


def test_a_choice_that_is_delivered_again_changes_nothing() -> None:
    desk = Desk(up())
    desk.chooses(Layout.SPEAKER, request="press 1")
    desk.chooses(Layout.GRID, by="U3", request="press 2")

    assert desk.chooses(Layout.SPEAKER, request="press 1") == LayoutRequested(desk.row, again=True)
    assert desk.row.intent.layout is Layout.GRID
    assert len(desk.memory.audit_events) == desk.woken == 2


def test_what_it_has_or_somebody_chose_is_no_change() -> None:
    desk = Desk(up())

    assert desk.chooses(Layout.GRID) == LayoutUnchanged(desk.row)
    desk.chooses(Layout.SPEAKER)
    assert desk.chooses(Layout.SPEAKER, by="U3") == LayoutUnchanged(desk.row)
    assert desk.row.intent.layout_by == "U2"
    assert desk.woken == 1


def test_what_agora_refused_can_be_chosen_again() -> None:
    refused = AppliedLayout(layout=Layout.GRID, refused_at=at(-9))
    desk = Desk(up(chosen_layout=Layout.SPEAKER, layout_at=at(-9), applied_layout=refused))

    assert desk.chooses(Layout.SPEAKER) == LayoutRequested(desk.row)


def test_sound_only_has_no_layout_to_choose() -> None:
    desk = Desk(up(options=Options(media=Media.AUDIO)))

    assert desk.chooses(Layout.SPEAKER) == NoPicture(desk.row)
    assert desk.woken == 0


@pytest.mark.parametrize(
    ("recording", "kind"),
    [
        (over(), AlreadyOver),
        (up(state=State.UPLOADING, ended_at=at(60)), AlreadyOver),
        (up(stop_at=at(50), stop_by="U7"), StopRequested),
        (up(state=State.STOPPING, stop_reason=Reason.TIME_LIMIT), StopRequested),
    ],
)
def test_a_choice_that_comes_too_late_changes_nothing(recording: Recording, kind: type) -> None:
    desk = Desk(recording)

    assert isinstance(desk.chooses(Layout.SPEAKER), kind)
    assert desk.row == recording


def test_nothing_is_known_of_what_another_slack_channel_records() -> None:
    desk = Desk(up())
    with pytest.raises(NothingHere):
        desk.chooses(Layout.SPEAKER, place=THERE)
