"""Change layout: the choice is saved, and each delivery counts once."""

from __future__ import annotations

from typing import Any

import pytest

from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.options import AppliedLayout, Layout, Media, Options
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.requester import SlackChannelRef
from recordings.service.layout import LayoutRequested, LayoutService, LayoutUnchanged, NoPicture
from recordings.service.lookup import NothingHere
from recordings.service.outcomes import AlreadyOver, StopRequested
from tests.fakes.access import HERE, THERE, user
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock, a_recording, at, over, up


class Stack:
    """A service, one recording, and how often the service woke the engine."""

    def __init__(self, recording: Recording) -> None:
        self.memory, self.woken = Memory(), 0
        self.recordings = MemoryRecordings(self.memory)
        self.service = LayoutService(self.recordings, FakeClock(), self.wake)
        assert self.recordings.add_recording(recording, None) is None

    def wake(self) -> None:
        self.woken += 1

    def chooses(
        self, layout: Layout, by: str = "U2", delivery_key: str | None = None, channel: SlackChannelRef = HERE
    ) -> Any:
        return self.service.change_layout("rec1", layout, user(by, channel), delivery_key)

    @property
    def row(self) -> Recording:
        recording = self.recordings.recording("rec1")
        assert recording is not None
        return recording


@pytest.mark.parametrize("recording", [up(), a_recording(), up(state=State.INTERRUPTED)])
def test_a_layout_is_saved_and_audited_with_the_person_and_wakes_the_engine(recording: Recording) -> None:
    stack = Stack(recording)

    assert stack.chooses(Layout.SPEAKER) == LayoutRequested(stack.row)
    assert (stack.row.intent.layout, stack.row.intent.layout_by, stack.row.intent.revision) == (Layout.SPEAKER, "U2", 1)
    assert stack.woken == 1
    assert stack.memory.audit_events == [
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


def test_a_redelivered_choice_changes_nothing() -> None:
    stack = Stack(up())
    stack.chooses(Layout.SPEAKER, delivery_key="press 1")
    stack.chooses(Layout.GRID, by="U3", delivery_key="press 2")

    assert stack.chooses(Layout.SPEAKER, delivery_key="press 1") == LayoutRequested(stack.row, redelivered=True)
    assert stack.row.intent.layout is Layout.GRID
    assert len(stack.memory.audit_events) == stack.woken == 2


def test_the_present_or_requested_layout_is_no_change() -> None:
    stack = Stack(up())

    assert stack.chooses(Layout.GRID) == LayoutUnchanged(stack.row)
    stack.chooses(Layout.SPEAKER)
    assert stack.chooses(Layout.SPEAKER, by="U3") == LayoutUnchanged(stack.row)
    assert stack.row.intent.layout_by == "U2"
    assert stack.woken == 1


def test_a_layout_that_agora_refused_can_be_chosen_again() -> None:
    refused = AppliedLayout(layout=Layout.GRID, refused_at=at(-9))
    stack = Stack(up(chosen_layout=Layout.SPEAKER, layout_at=at(-9), applied_layout=refused))

    assert stack.chooses(Layout.SPEAKER) == LayoutRequested(stack.row)


def test_a_recording_of_sound_only_has_no_layout() -> None:
    stack = Stack(up(options=Options(media=Media.AUDIO)))

    assert stack.chooses(Layout.SPEAKER) == NoPicture(stack.row)
    assert stack.woken == 0


@pytest.mark.parametrize(
    ("recording", "kind"),
    [
        (over(), AlreadyOver),
        (up(state=State.UPLOADING, ended_at=at(60)), AlreadyOver),
        (up(stop_at=at(50), stop_by="U7"), StopRequested),
        (up(state=State.STOPPING, stop_reason=Reason.TIME_LIMIT), StopRequested),
    ],
)
def test_a_choice_after_the_end_or_a_stop_changes_nothing(recording: Recording, kind: type) -> None:
    stack = Stack(recording)

    assert isinstance(stack.chooses(Layout.SPEAKER), kind)
    assert stack.row == recording


def test_a_recording_of_another_slack_channel_does_not_exist_here() -> None:
    stack = Stack(up())
    with pytest.raises(NothingHere):
        stack.chooses(Layout.SPEAKER, channel=THERE)
