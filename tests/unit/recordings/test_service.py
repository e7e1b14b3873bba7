"""What people can ask for, and what they hear of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from recordings.errors import InvalidChannelName, PersonError
from recordings.lifecycle.intents import IntentChange
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.service.start_stop import (
    AlreadyElsewhere,
    AlreadyHere,
    AlreadyOver,
    NothingHere,
    RecordingService,
    Several,
    SlackChannelRef,
    Started,
    StopRequested,
)
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock, a_recording, at, over, up

HERE = SlackChannelRef("T1", "C1")
THERE = SlackChannelRef("T1", "C2")


def only_letters(name: str) -> None:
    if not name.isalpha():
        raise InvalidChannelName("letters only")


@dataclass
class Desk:
    """A service on an empty store, and how often it woke the engine."""

    clock: FakeClock = field(default_factory=FakeClock)
    memory: Memory = field(default_factory=Memory)
    store: MemoryRecordings = field(init=False)
    woken: int = 0
    ids: int = 0

    def __post_init__(self) -> None:
        self.store = MemoryRecordings(self.memory)

    @property
    def audit_events(self) -> list[AuditEvent]:
        return self.memory.audit_events

    @property
    def service(self) -> RecordingService:
        return RecordingService(self.store, only_letters, self.clock, self.new_id, self.wake)

    def new_id(self) -> str:
        self.ids += 1
        return f"rec{self.ids}"

    def wake(self) -> None:
        self.woken += 1

    def has(self, *recordings: Recording) -> None:
        for recording in recordings:
            assert self.store.add_recording(recording, None) is None


@pytest.fixture
def desk() -> Desk:
    return Desk()


# start


def test_a_start_is_written_down_and_wakes_the_engine(desk: Desk) -> None:
    desk.clock.passes(5)
    result = desk.service.start("daily", HERE, "U1", "https://hooks.example/1")

    wished = a_recording(requested_at=at(5), next_step_at=at(5))
    assert result == Started(wished)
    assert desk.store.recording("rec1") == wished
    assert desk.woken == 1


def test_a_start_with_an_end_of_its_own_is_written_down_with_it(desk: Desk) -> None:
    result = desk.service.start("daily", HERE, "U1", None, ends_at=at(2700))

    assert result == Started(a_recording(ends_at=at(2700)))


def test_a_name_that_no_channel_can_have_is_refused_before_anything_is_written(desk: Desk) -> None:
    with pytest.raises(InvalidChannelName):
        desk.service.start("no spaces!", HERE, "U1", None)

    assert desk.store.active() == []
    assert desk.woken == 0


def test_what_this_channel_records_already_is_shown(desk: Desk) -> None:
    desk.has(up())

    assert desk.service.start("daily", HERE, "U2", None) == AlreadyHere(up())
    assert desk.woken == 0


def test_what_another_channel_records_is_not_shown(desk: Desk) -> None:
    desk.has(up(slack_channel="C2", agora_channel="secret"))

    with pytest.raises(AlreadyElsewhere) as refused:
        desk.service.start("secret", HERE, "U2", None)

    assert "C2" not in str(refused.value)
    assert "rec" not in str(refused.value).replace("recorded", "")


@pytest.mark.parametrize("state", [State.ENDED, State.FAILED, State.UPLOADING])
def test_what_is_over_or_uploading_can_be_started_again(desk: Desk, state: State) -> None:
    desk.has(up(id="before", state=state))

    assert isinstance(desk.service.start("daily", HERE, "U1", None), Started)


def test_a_start_that_slack_delivers_again_is_answered_as_before_and_starts_nothing(desk: Desk) -> None:
    first = desk.service.start("daily", HERE, "U1", None, "trigger 1")

    assert desk.service.start("daily", HERE, "U1", None, "trigger 1") == first
    assert len(desk.store.active()) == 1


def test_a_start_that_comes_again_after_the_recording_is_over_starts_nothing(desk: Desk) -> None:
    desk.store.add_recording(over(), None, "trigger 1")

    assert desk.service.start("daily", HERE, "U1", None, "trigger 1") == Started(over())
    assert desk.store.active() == []


# stop


def test_the_only_recording_needs_no_name_to_be_stopped(desk: Desk) -> None:
    desk.has(up())
    desk.clock.passes(50)

    result = desk.service.stop(HERE, "U2")

    assert isinstance(result, StopRequested)
    assert not result.again
    assert (result.recording.intent.stop_by, result.recording.intent.stop_at) == ("U2", at(50))
    assert desk.woken == 1


@pytest.mark.parametrize("state", [State.STARTING, State.INTERRUPTED])
def test_a_stop_is_kept_whatever_the_recording_has_come_to(desk: Desk, state: State) -> None:
    desk.has(up(state=state))
    desk.service.stop(HERE, "U2")

    row = desk.store.recording("rec1")
    assert row is not None
    assert (row.state, row.intent.stop_by) == (state, "U2"), "the engine moves the state, nobody else"


def test_a_second_stop_tells_who_asked_first(desk: Desk) -> None:
    desk.has(up(stop_at=at(1), stop_by="U2"))

    result = desk.service.stop(HERE, "U3")

    assert isinstance(result, StopRequested)
    assert (result.again, result.recording.intent.stop_by) == (True, "U2")


def test_with_several_running_a_stop_without_a_name_asks_which(desk: Desk) -> None:
    first, second = up(), up(id="rec2", agora_channel="weekly", requested_at=at(1))
    desk.has(first, second)

    assert desk.service.stop(HERE, "U2") == Several((first, second))
    assert desk.woken == 0

    named = desk.service.stop(HERE, "U2", "weekly")
    assert isinstance(named, StopRequested)
    assert named.recording.id == "rec2"


def test_stopping_what_is_over_shows_how_it_ended(desk: Desk) -> None:
    desk.has(over())

    assert desk.service.stop(HERE, "U2") == AlreadyOver(over())
    assert desk.service.stop(HERE, "U2", "daily") == AlreadyOver(over())


def test_what_is_uploading_is_not_stopped_again(desk: Desk) -> None:
    uploading = up(state=State.UPLOADING)
    desk.has(uploading)

    assert desk.service.stop(HERE, "U2") == AlreadyOver(uploading)


def test_of_two_the_one_that_is_uploading_is_not_meant(desk: Desk) -> None:
    desk.has(up(id="old", state=State.UPLOADING), up(id="new", requested_at=at(1)))

    result = desk.service.stop(HERE, "U2")
    assert isinstance(result, StopRequested)
    assert result.recording.id == "new"


DELIVERY = {
    "uploading": up(state=State.UPLOADING, files_awaited=True, ended_at=at(90)),
    "over": over(files_awaited=True),
    "failed": over(state=State.FAILED, reason=Reason.LOST, files_awaited=True),
}


@pytest.mark.parametrize("name", DELIVERY)
def test_one_whose_files_are_looked_for_is_over_for_whoever_stops_it(desk: Desk, name: str) -> None:
    desk.has(DELIVERY[name])

    assert desk.service.stop(HERE, "U2") == AlreadyOver(DELIVERY[name])
    assert desk.service.stop(HERE, "U2", "daily") == AlreadyOver(DELIVERY[name])
    assert desk.service.stop_one("rec1", HERE, "U2") == AlreadyOver(DELIVERY[name])
    assert desk.store.recording("rec1") == DELIVERY[name], "no wish is written"


@pytest.mark.parametrize("name", DELIVERY)
def test_nor_does_it_stand_in_the_way_of_a_new_one_and_its_stop(desk: Desk, name: str) -> None:
    desk.has(DELIVERY[name])
    desk.ids = 1
    assert isinstance(desk.service.start("daily", HERE, "U1", None, "again"), Started)
    new = desk.store.active()[-1]
    assert new.state is State.STARTING

    stopped = desk.service.stop(HERE, "U2")

    assert isinstance(stopped, StopRequested)
    assert stopped.recording.id == new.id


@pytest.mark.parametrize("name", [None, "daily"])
def test_nothing_can_be_stopped_from_another_channel(desk: Desk, name: str | None) -> None:
    desk.has(up())

    with pytest.raises(NothingHere):
        desk.service.stop(THERE, "U2", name)

    row = desk.store.recording("rec1")
    assert row is not None
    assert row.intent.stop_at is None


# the button


def test_the_button_stops_its_own_recording(desk: Desk) -> None:
    desk.has(up(), up(id="rec2", agora_channel="weekly"))

    result = desk.service.stop_one("rec2", HERE, "U2")

    assert isinstance(result, StopRequested)
    assert result.recording.id == "rec2"


@pytest.mark.parametrize("recording_id", ["rec1", "nobody", ""])
def test_a_button_that_belongs_to_another_channel_or_nowhere_stops_nothing(desk: Desk, recording_id: str) -> None:
    desk.has(up(slack_channel="C2"))

    with pytest.raises(NothingHere):
        desk.service.stop_one(recording_id, HERE, "U2")


def test_the_button_of_what_is_over_shows_how_it_ended(desk: Desk) -> None:
    desk.has(over())

    assert desk.service.stop_one("rec1", HERE, "U2") == AlreadyOver(over())


def test_one_that_is_over_by_the_time_the_wish_is_written_shows_how_it_ended() -> None:
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

    desk = Desk()
    desk.store = EndsMeanwhile(desk.memory)
    desk.has(up())

    assert isinstance(desk.service.stop(HERE, "U2"), AlreadyOver)


# the log of acts


def test_who_started_and_stopped_what_from_where_is_noted(desk: Desk) -> None:
    desk.service.start("daily", HERE, "U1", None)
    desk.clock.passes(5)
    desk.service.start("weekly", HERE, "U1", None, source=Source.BUTTON)
    desk.clock.passes(5)
    desk.service.stop(HERE, "U2", "daily")
    desk.service.stop_one("rec2", HERE, "U3", detail="in the list of several")

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

    assert desk.audit_events == [
        audit_event(0, "U1", AuditAction.STARTED, Source.COMMAND, "rec1"),
        audit_event(5, "U1", AuditAction.STARTED, Source.BUTTON, "rec2"),
        audit_event(10, "U2", AuditAction.STOPPED, Source.COMMAND, "rec1"),
        audit_event(10, "U3", AuditAction.STOPPED, Source.BUTTON, "rec2", "in the list of several"),
    ]


def test_what_changes_nothing_is_no_act(desk: Desk) -> None:
    desk.has(up(), up(id="there", agora_channel="secret", slack_channel="C2"), over(id="over", agora_channel="x"))
    desk.service.start("daily", HERE, "U1", None)
    for refused in (
        lambda: desk.service.start("secret", HERE, "U1", None),
        lambda: desk.service.start("no spaces!", HERE, "U1", None),
        lambda: desk.service.stop_one("there", HERE, "U1"),
        lambda: desk.service.stop(HERE, "U1", "nothing"),
    ):
        with pytest.raises(PersonError):
            refused()
    desk.service.stop_one("over", HERE, "U1")
    desk.service.status(HERE)

    assert desk.audit_events == []


def test_the_second_delivery_and_the_second_stop_are_no_second_act(desk: Desk) -> None:
    for _ in range(2):
        desk.service.start("daily", HERE, "U1", None, "trigger 1")
    for request in ("trigger 2", "trigger 2", "trigger 3"):
        desk.service.stop_one("rec1", HERE, "U2", request)

    assert [(audit_event.who, audit_event.what) for audit_event in desk.audit_events] == [
        ("U1", AuditAction.STARTED),
        ("U2", AuditAction.STOPPED),
    ]


# status


def test_the_status_shows_what_is_going_on_here_oldest_first(desk: Desk) -> None:
    young, old = up(id="young", requested_at=at(2)), up(id="old", agora_channel="weekly", requested_at=at(1))
    desk.has(young, old, over(id="over", agora_channel="x"), up(id="there", agora_channel="y", slack_channel="C2"))

    assert desk.service.status(HERE) == [old, young]
    assert desk.service.status(HERE, "daily") == [young]


def test_where_nothing_is_going_on_the_status_shows_the_last_that_was(desk: Desk) -> None:
    last = over(id="last", requested_at=at(2))
    desk.has(over(id="first", requested_at=at(1)), last, over(id="there", requested_at=at(3), slack_channel="C2"))

    assert desk.service.status(HERE) == [last]
    assert desk.service.status(HERE, "weekly") == []


def test_one_that_is_over_and_looked_for_is_shown_only_where_nothing_is_going_on(desk: Desk) -> None:
    desk.has(DELIVERY["over"])
    assert desk.service.status(HERE) == [DELIVERY["over"]]

    running = up(id="running", agora_channel="weekly", requested_at=at(1))
    desk.has(running)
    assert desk.service.status(HERE) == [running]


def test_one_that_is_uploading_is_going_on(desk: Desk) -> None:
    desk.has(DELIVERY["uploading"])

    assert desk.service.status(HERE) == [DELIVERY["uploading"]]


def test_where_nothing_ever_was_there_is_nothing_to_show(desk: Desk) -> None:
    assert desk.service.status(HERE) == []
