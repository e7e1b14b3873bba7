"""Links go to members of the channel at that moment, each is noted first, and only what is there can be given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recordings.errors import BucketDenied, SlackBusy, SlackRefused, StorageUnavailable
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.recording import Recording, State
from recordings.service.links import LinkService, NoFiles, NotAMember
from recordings.service.start_stop import NothingHere, SlackChannelRef
from tests.fakes.bucket import FakeBucket
from tests.fakes.outboxes import MemoryAuditLog
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock, a_delivery, at, over, up

HERE = SlackChannelRef("T1", "C1")


class Desk:
    """Recordings, a bucket, and who is in which channel just now."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.audit_events = MemoryAuditLog(self.memory)
        self.bucket = FakeBucket()
        self.clock = FakeClock()
        self.members: dict[str, set[str]] = {"C1": {"U1", "U2"}}
        self.slack: Exception | None = None
        self.asked: list[tuple[str, str]] = []
        self.service = LinkService(
            MemoryRecordings(self.memory), self.audit_events, self.is_member, self.bucket, self.clock, 600
        )

    def is_member(self, channel: str, user: str, /) -> bool:
        self.asked.append((channel, user))
        if self.slack is not None:
            raise self.slack
        return user in self.members[channel]

    def has(self, recording: Recording) -> None:
        assert MemoryRecordings(self.memory).add_recording(recording, None) is None


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.has(over(delivery=a_delivery(800_000_000, 500_000_000)))
    return desk


def test_a_member_gets_a_link_to_every_part_and_hears_until_when_they_work(desk: Desk) -> None:
    desk.clock.passes(5)
    found = desk.service.links("rec1", HERE, "U2")

    assert [(link.name, link.size) for link in found.links] == [
        ("SID_daily_0.mp4", 800_000_000),
        ("SID_daily_1.mp4", 500_000_000),
    ]
    assert found.links[0].url == "https://bucket.example/folder/SID_daily_0.mp4?expires=600"
    assert found.until == at(5) + timedelta(seconds=600)
    assert found.recording.id == "rec1"


def test_who_got_which_links_when_and_how_is_noted(desk: Desk) -> None:
    desk.clock.passes(5)
    desk.service.links("rec1", HERE, "U2")

    assert desk.audit_events.all() == [
        AuditEvent(
            at=at(5),
            who="U2",
            what=AuditAction.GOT_LINKS,
            source=Source.BUTTON,
            recording_id="rec1",
            slack_channel="C1",
            detail="SID_daily_0.mp4, SID_daily_1.mp4",
        )
    ]


def test_each_press_is_an_act_of_its_own(desk: Desk) -> None:
    for person in ("U1", "U2", "U2"):
        desk.service.links("rec1", HERE, person)

    assert [audit_event.who for audit_event in desk.audit_events.all()] == ["U1", "U2", "U2"]


def test_what_cannot_be_noted_is_not_given() -> None:
    class Full(MemoryAuditLog):
        def add(self, audit_event: AuditEvent) -> None:
            raise StorageUnavailable("disk full")

    desk = Desk()
    desk.has(over(delivery=a_delivery()))

    with pytest.raises(StorageUnavailable):
        replace(desk.service, audit_log=Full(desk.memory)).links("rec1", HERE, "U1")


def test_who_is_no_member_at_this_moment_gets_nothing(desk: Desk) -> None:
    desk.service.links("rec1", HERE, "U2")
    desk.members["C1"].remove("U2")

    with pytest.raises(NotAMember):
        desk.service.links("rec1", HERE, "U2")

    assert desk.asked == [("C1", "U2"), ("C1", "U2")], "Slack is asked each time"
    assert len(desk.audit_events.all()) == 1


@pytest.mark.parametrize("error", [SlackBusy("ratelimited"), SlackRefused("missing_scope")])
def test_where_slack_does_not_tell_who_is_a_member_nobody_gets_anything(desk: Desk, error: Exception) -> None:
    desk.slack = error

    with pytest.raises(type(error)):
        desk.service.links("rec1", HERE, "U1")
    assert desk.audit_events.all() == []


@pytest.mark.parametrize(("recording_id", "channel"), [("rec1", "C2"), ("nobody", "C1"), ("", "C1"), ("rec1", "")])
def test_what_is_not_of_this_channel_is_not_known_here(desk: Desk, recording_id: str, channel: str) -> None:
    """A card that was forwarded to another channel gives nothing there, to members of the first neither."""
    with pytest.raises(NothingHere):
        desk.service.links(recording_id, SlackChannelRef("T1", channel), "U1")
    assert (desk.asked, desk.audit_events.all()) == ([], [])


NOTHING_TO_GIVE: dict[str, Delivery | None] = {
    "not looked for": None,
    "awaited": a_delivery(state=DeliveryState.AWAITED),
    "in Agora's backup": a_delivery(state=DeliveryState.IN_BACKUP),
    "not verified": Delivery(state=DeliveryState.UNVERIFIED, code="AccessDenied"),
    "nothing there": Delivery(state=DeliveryState.MISSING, missing=("SID_daily_0.mp4",)),
    "an empty MP4": a_delivery(112, state=DeliveryState.MISSING, empty=("SID_daily_0.mp4",)),
    "HLS only": replace(a_delivery(), media_files=()),
}


@pytest.mark.parametrize("name", NOTHING_TO_GIVE)
def test_without_an_mp4_that_is_known_to_be_there_nothing_is_given(name: str) -> None:
    desk = Desk()
    desk.has(over(delivery=NOTHING_TO_GIVE[name]))

    with pytest.raises(NoFiles):
        desk.service.links("rec1", HERE, "U1")
    assert desk.audit_events.all() == []


def test_who_is_no_member_does_not_hear_whether_there_are_files() -> None:
    desk = Desk()
    desk.has(over())

    with pytest.raises(NotAMember):
        desk.service.links("rec1", HERE, "U9")


def test_a_recording_that_failed_has_links_to_what_was_saved(desk: Desk) -> None:
    desk.has(up(id="rec2", agora_channel="weekly", state=State.FAILED, delivery=a_delivery()))

    assert len(desk.service.links("rec2", HERE, "U1").links) == 1


def test_where_no_link_can_be_made_nothing_is_noted(desk: Desk) -> None:
    desk.bucket.error = BucketDenied("UnusableSettings")

    with pytest.raises(BucketDenied):
        desk.service.links("rec1", HERE, "U1")
    assert desk.audit_events.all() == []


def test_a_url_is_in_no_text_that_could_get_into_a_log(desk: Desk) -> None:
    assert "bucket.example" not in repr(desk.service.links("rec1", HERE, "U1"))


def test_the_files_of_two_servers_come_in_the_order_in_which_they_recorded() -> None:
    desk = Desk()
    keys = ("a/c2_daily_0.mp4", "a/bak0_c2_daily_0.mp4")
    desk.has(over(delivery=replace(a_delivery(), media_files=tuple(MediaFile(key=key, size=5000) for key in keys))))

    assert [link.name for link in desk.service.links("rec1", HERE, "U1").links] == [
        "c2_daily_0.mp4",
        "bak0_c2_daily_0.mp4",
    ]
