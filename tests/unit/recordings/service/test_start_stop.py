"""Start, stop and status: what is saved, what is audited, and the outcome."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from recordings.errors import InvalidChannelName
from recordings.lifecycle.intents import IntentChange
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.options import Options
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.service.access import ChannelNotAllowed, ChannelRules
from recordings.service.lookup import NothingHere
from recordings.service.outcomes import AlreadyOver, StopRequested
from recordings.service.start_stop import (
    AlreadyElsewhere,
    AlreadyHere,
    InvalidName,
    RecordingService,
    Several,
    Started,
    StartOutcome,
    StartRequest,
)
from tests.fakes.access import HERE, THERE, Workspace, user
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock, a_recording, at, over, up

ANA, BEN, CHO = user("U1"), user("U2"), user("U3")


def only_letters(name: str) -> None:
    if not name.isalpha():
        raise InvalidChannelName("letters only")


@dataclass
class Stack:
    """A service on empty repositories, and how often it woke the engine."""

    clock: FakeClock = field(default_factory=FakeClock)
    memory: Memory = field(default_factory=Memory)
    recordings: MemoryRecordings = field(init=False)
    workspace: Workspace = field(default_factory=Workspace)
    woken: int = 0
    ids: int = 0

    def __post_init__(self) -> None:
        self.recordings = MemoryRecordings(self.memory)

    @property
    def audit_events(self) -> list[AuditEvent]:
        return self.memory.audit_events

    @property
    def service(self) -> RecordingService:
        return RecordingService(
            self.recordings, self.workspace.access, only_letters, self.clock, self.new_id, self.wake
        )

    def starts(self, agora_channel: str, **facts: Any) -> StartOutcome:
        return self.service.start(ANA, StartRequest(agora_channel=agora_channel, **facts))

    def row(self, recording_id: str = "rec1") -> Recording:
        recording = self.recordings.recording(recording_id)
        assert recording is not None
        return recording

    def new_id(self) -> str:
        self.ids += 1
        return f"rec{self.ids}"

    def wake(self) -> None:
        self.woken += 1

    def has(self, *recordings: Recording) -> None:
        for recording in recordings:
            assert self.recordings.add_recording(recording, None) is None


@pytest.fixture
def stack() -> Stack:
    return Stack()


# start


def test_a_start_is_saved_and_wakes_the_engine(stack: Stack) -> None:
    stack.clock.passes(5)
    result = stack.starts("daily", response_url="https://hooks.example/1")

    requested = a_recording(requested_at=at(5), next_step_at=at(5))
    assert result == Started(requested)
    assert stack.row() == requested
    assert stack.woken == 1


def test_a_start_with_an_end_is_saved_with_that_end(stack: Stack) -> None:
    result = stack.starts("daily", ends_at=at(2700))

    assert result == Started(a_recording(ends_at=at(2700)))


def test_a_duration_in_the_options_sets_the_end(stack: Stack) -> None:
    stack.starts("daily", options=Options(lasts=2700))
    stack.starts("weekly", options=Options(lasts=2700), ends_at=at(99))
    stack.starts("other")

    assert [stack.row(name).intent.ends_at for name in ("rec1", "rec2", "rec3")] == [at(2700), at(99), None]


def test_a_name_that_no_channel_can_have_is_refused_before_anything_is_saved(stack: Stack) -> None:
    assert stack.starts("no spaces!") == InvalidName("no spaces!", "letters only")
    assert stack.recordings.active() == []
    assert stack.woken == 0


def test_a_name_that_the_settings_leave_out_is_refused_before_anything_is_saved(stack: Stack) -> None:
    stack.workspace.channel_rules = ChannelRules(("daily",))

    with pytest.raises(ChannelNotAllowed):
        stack.starts("secret")
    assert isinstance(stack.starts("no spaces!"), InvalidName), "an impossible name is no question of permissions"
    assert stack.recordings.active() == []
    assert stack.woken == 0


def test_a_second_start_in_the_same_slack_channel_shows_the_running_recording(stack: Stack) -> None:
    stack.has(up())

    assert stack.starts("daily") == AlreadyHere(up())
    assert stack.woken == 0


def test_a_start_shows_nothing_of_the_recording_that_another_slack_channel_has(stack: Stack) -> None:
    stack.has(up(slack_channel="C2", agora_channel="secret"))

    assert stack.starts("secret") == AlreadyElsewhere("secret")
    assert stack.woken == 0


@pytest.mark.parametrize("state", [State.ENDED, State.FAILED, State.UPLOADING])
def test_a_channel_whose_recording_is_over_or_uploading_can_be_recorded_again(stack: Stack, state: State) -> None:
    stack.has(up(id="before", state=state))

    assert isinstance(stack.starts("daily"), Started)


def test_a_redelivered_start_gets_the_same_answer_and_starts_nothing(stack: Stack) -> None:
    first = stack.starts("daily", delivery_key="trigger 1")

    assert stack.starts("daily", delivery_key="trigger 1") == first
    assert len(stack.recordings.active()) == 1


def test_a_start_redelivered_after_the_recording_is_over_starts_nothing(stack: Stack) -> None:
    stack.recordings.add_recording(over(), None, "trigger 1")

    assert stack.starts("daily", delivery_key="trigger 1") == Started(over())
    assert stack.recordings.active() == []


# stop


def test_a_stop_without_a_name_stops_the_only_recording(stack: Stack) -> None:
    stack.has(up())
    stack.clock.passes(50)

    result = stack.service.stop(BEN)

    assert isinstance(result, StopRequested)
    assert not result.already_requested
    assert (result.recording.intent.stop_by, result.recording.intent.stop_at) == ("U2", at(50))
    assert stack.woken == 1


@pytest.mark.parametrize("state", [State.STARTING, State.INTERRUPTED])
def test_a_stop_is_saved_in_every_running_state(stack: Stack, state: State) -> None:
    stack.has(up(state=state))
    stack.service.stop(BEN)

    row = stack.row()
    assert (row.state, row.intent.stop_by) == (state, "U2"), "only the engine changes the state"


def test_the_outcome_of_a_second_stop_names_the_person_who_stopped_first(stack: Stack) -> None:
    stack.has(up(stop_at=at(1), stop_by="U2"))

    result = stack.service.stop(CHO)

    assert isinstance(result, StopRequested)
    assert (result.already_requested, result.recording.intent.stop_by) == (True, "U2")


def test_a_stop_without_a_name_asks_which_of_several_recordings(stack: Stack) -> None:
    first, second = up(), up(id="rec2", agora_channel="weekly", requested_at=at(1))
    stack.has(first, second)

    assert stack.service.stop(BEN) == Several((first, second))
    assert stack.woken == 0

    named = stack.service.stop(BEN, "weekly")
    assert isinstance(named, StopRequested)
    assert named.recording.id == "rec2"


def test_a_stop_shows_the_last_recording_if_none_is_running(stack: Stack) -> None:
    stack.has(over())

    assert stack.service.stop(BEN) == AlreadyOver(over())
    assert stack.service.stop(BEN, "daily") == AlreadyOver(over())


def test_a_recording_that_is_uploading_counts_as_over(stack: Stack) -> None:
    uploading = up(state=State.UPLOADING)
    stack.has(uploading)

    assert stack.service.stop(BEN) == AlreadyOver(uploading)


def test_a_stop_without_a_name_ignores_a_recording_that_is_uploading(stack: Stack) -> None:
    stack.has(up(id="old", state=State.UPLOADING), up(id="new", requested_at=at(1)))

    result = stack.service.stop(BEN)
    assert isinstance(result, StopRequested)
    assert result.recording.id == "new"


AWAITING_FILES = {
    "uploading": up(state=State.UPLOADING, files_awaited=True, ended_at=at(90)),
    "over": over(files_awaited=True),
    "failed": over(state=State.FAILED, reason=Reason.LOST, files_awaited=True),
}


@pytest.mark.parametrize("name", AWAITING_FILES)
def test_a_recording_that_awaits_its_files_counts_as_over(stack: Stack, name: str) -> None:
    stack.has(AWAITING_FILES[name])

    assert stack.service.stop(BEN) == AlreadyOver(AWAITING_FILES[name])
    assert stack.service.stop(BEN, "daily") == AlreadyOver(AWAITING_FILES[name])
    assert stack.service.stop_one("rec1", BEN) == AlreadyOver(AWAITING_FILES[name])
    assert stack.recordings.recording("rec1") == AWAITING_FILES[name], "no intent is saved"


@pytest.mark.parametrize("name", AWAITING_FILES)
def test_a_recording_that_awaits_its_files_is_in_nobodys_way(stack: Stack, name: str) -> None:
    stack.has(AWAITING_FILES[name])
    stack.ids = 1
    assert isinstance(stack.starts("daily", delivery_key="second"), Started)
    new = stack.recordings.active()[-1]
    assert new.state is State.STARTING

    stopped = stack.service.stop(BEN)

    assert isinstance(stopped, StopRequested)
    assert stopped.recording.id == new.id


@pytest.mark.parametrize("name", [None, "daily"])
def test_a_recording_cannot_be_stopped_from_another_slack_channel(stack: Stack, name: str | None) -> None:
    stack.has(up())

    with pytest.raises(NothingHere):
        stack.service.stop(user("U2", THERE), name)

    assert stack.row().intent.stop_at is None


# the button


def test_the_button_stops_its_own_recording(stack: Stack) -> None:
    stack.has(up(), up(id="rec2", agora_channel="weekly"))

    result = stack.service.stop_one("rec2", BEN)

    assert isinstance(result, StopRequested)
    assert result.recording.id == "rec2"


@pytest.mark.parametrize("recording_id", ["rec1", "nobody", ""])
def test_a_button_of_another_slack_channel_or_without_a_recording_stops_nothing(
    stack: Stack, recording_id: str
) -> None:
    stack.has(up(slack_channel="C2"))

    with pytest.raises(NothingHere):
        stack.service.stop_one(recording_id, BEN)


def test_the_button_of_a_recording_that_is_over_shows_that_recording(stack: Stack) -> None:
    stack.has(over())

    assert stack.service.stop_one("rec1", BEN) == AlreadyOver(over())


def test_a_recording_that_ends_while_the_stop_is_saved_counts_as_over() -> None:
    class EndsMeanwhile(MemoryRecordings):
        def change_intent(
            self,
            recording_id: str,
            change: IntentChange,
            at: datetime,
            request: str | None = None,
            audit_event: AuditEvent | None = None,
        ) -> tuple[Recording, Recording]:
            lost = replace(up(), state=State.FAILED, reason=Reason.LOST)
            return lost, lost

    stack = Stack()
    stack.recordings = EndsMeanwhile(stack.memory)
    stack.has(up())

    assert isinstance(stack.service.stop(BEN), AlreadyOver)


# the audit log


def test_starts_and_stops_are_audited_with_the_person_and_the_source(stack: Stack) -> None:
    stack.starts("daily")
    stack.clock.passes(5)
    stack.starts("weekly", source=Source.BUTTON)
    stack.clock.passes(5)
    stack.service.stop(BEN, "daily")
    stack.service.stop_one("rec2", CHO, detail="in the list of several")

    def audit_event(
        seconds: float, who: str, what: AuditAction, source: Source, recording: str, detail: str = ""
    ) -> AuditEvent:
        return AuditEvent(
            at=at(seconds),
            who=who,
            what=what,
            source=source,
            recording_id=recording,
            slack_channel="C1",
            detail=detail,
        )

    assert stack.audit_events == [
        audit_event(0, "U1", AuditAction.STARTED, Source.COMMAND, "rec1"),
        audit_event(5, "U1", AuditAction.STARTED, Source.BUTTON, "rec2"),
        audit_event(10, "U2", AuditAction.STOPPED, Source.COMMAND, "rec1"),
        audit_event(10, "U3", AuditAction.STOPPED, Source.BUTTON, "rec2", "in the list of several"),
    ]


def test_a_request_that_changes_nothing_is_not_audited(stack: Stack) -> None:
    stack.has(up(), up(id="there", agora_channel="secret", slack_channel="C2"), over(id="over", agora_channel="x"))
    stack.starts("daily")
    stack.starts("secret")
    stack.starts("no spaces!")
    with pytest.raises(NothingHere):
        stack.service.stop_one("there", ANA)
    with pytest.raises(NothingHere):
        stack.service.stop(ANA, "nothing")
    stack.service.stop_one("over", ANA)
    stack.service.status(HERE)

    assert stack.audit_events == []


def test_a_second_delivery_and_a_second_stop_are_not_audited(stack: Stack) -> None:
    for _ in range(2):
        stack.starts("daily", delivery_key="trigger 1")
    for request in ("trigger 2", "trigger 2", "trigger 3"):
        stack.service.stop_one("rec1", BEN, request)

    assert [(audit_event.who, audit_event.what) for audit_event in stack.audit_events] == [
        ("U1", AuditAction.STARTED),
        ("U2", AuditAction.STOPPED),
    ]


# status


def test_the_status_shows_the_active_recordings_of_this_slack_channel_oldest_first(stack: Stack) -> None:
    young, old = up(id="young", requested_at=at(2)), up(id="old", agora_channel="weekly", requested_at=at(1))
    stack.has(young, old, over(id="over", agora_channel="x"), up(id="there", agora_channel="y", slack_channel="C2"))

    assert stack.service.status(HERE) == [old, young]
    assert stack.service.status(HERE, "daily") == [young]


def test_if_nothing_is_active_the_status_shows_the_last_recording(stack: Stack) -> None:
    last = over(id="last", requested_at=at(2))
    stack.has(over(id="first", requested_at=at(1)), last, over(id="there", requested_at=at(3), slack_channel="C2"))

    assert stack.service.status(HERE) == [last]
    assert stack.service.status(HERE, "weekly") == []


def test_the_status_shows_an_ended_recording_only_if_nothing_is_active(stack: Stack) -> None:
    stack.has(AWAITING_FILES["over"])
    assert stack.service.status(HERE) == [AWAITING_FILES["over"]]

    running = up(id="running", agora_channel="weekly", requested_at=at(1))
    stack.has(running)
    assert stack.service.status(HERE) == [running]


def test_a_recording_that_is_uploading_is_active(stack: Stack) -> None:
    stack.has(AWAITING_FILES["uploading"])

    assert stack.service.status(HERE) == [AWAITING_FILES["uploading"]]


def test_the_status_of_an_unused_slack_channel_is_empty(stack: Stack) -> None:
    assert stack.service.status(HERE) == []
