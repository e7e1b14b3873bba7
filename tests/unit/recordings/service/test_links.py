"""Links: only for members of the channel at this moment, audited before they are given, only for existing files."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recordings.errors import BucketDenied, SlackBusy, SlackRefused, StorageUnavailable
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.delivery import Delivery, DeliveryState, Footage, MediaFile
from recordings.model.recording import State
from recordings.model.requester import SlackChannelRef
from recordings.service.links import NoFiles, NotAMember
from recordings.service.lookup import NothingHere
from tests.fakes.access import user
from tests.fakes.links import LinkStack
from tests.fakes.outboxes import MemoryAuditLog
from tests.fakes.rows import a_delivery, at, over, up

ANA, BEN = user("U1"), user("U2")


@pytest.fixture
def stack() -> LinkStack:
    return LinkStack(over(delivery=a_delivery(800_000_000, 500_000_000)))


def test_a_member_gets_a_link_to_every_file_and_the_time_when_they_expire(stack: LinkStack) -> None:
    stack.clock.passes(5)
    given = stack.service.links("rec1", BEN)

    assert [(link.name, link.size) for link in given.links] == [
        ("SID_daily_0.mp4", 800_000_000),
        ("SID_daily_1.mp4", 500_000_000),
    ]
    assert given.links[0].url == "https://bucket.example/folder/SID_daily_0.mp4?expires=600"
    assert given.until == at(5) + timedelta(seconds=600)
    assert given.recording.id == "rec1"


def test_the_audit_log_says_who_got_which_links_and_when(stack: LinkStack) -> None:
    stack.clock.passes(5)
    stack.service.links("rec1", BEN)

    assert stack.audit_events.all() == [
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


def test_each_press_is_audited(stack: LinkStack) -> None:
    for person in (ANA, BEN, BEN):
        stack.service.links("rec1", person)

    assert [audit_event.who for audit_event in stack.audit_events.all()] == ["U1", "U2", "U2"]


def test_links_that_cannot_be_audited_are_not_given() -> None:
    class Full(MemoryAuditLog):
        def add(self, audit_event: AuditEvent) -> None:
            raise StorageUnavailable("disk full")

    stack = LinkStack(over(delivery=a_delivery()))

    with pytest.raises(StorageUnavailable):
        replace(stack.service, audit_log=Full(stack.memory)).links("rec1", ANA)


def test_a_person_who_left_the_channel_gets_nothing(stack: LinkStack) -> None:
    stack.service.links("rec1", BEN)
    stack.members["C1"].remove("U2")

    with pytest.raises(NotAMember):
        stack.service.links("rec1", BEN)

    assert stack.asked == [("C1", "U2"), ("C1", "U2")], "Slack is asked each time"
    assert len(stack.audit_events.all()) == 1


@pytest.mark.parametrize("error", [SlackBusy("ratelimited"), SlackRefused("missing_scope")])
def test_if_slack_does_not_say_who_is_a_member_nobody_gets_links(stack: LinkStack, error: Exception) -> None:
    stack.slack_error = error

    with pytest.raises(type(error)):
        stack.service.links("rec1", ANA)
    assert stack.audit_events.all() == []


@pytest.mark.parametrize(("recording_id", "channel"), [("rec1", "C2"), ("nobody", "C1"), ("", "C1"), ("rec1", "")])
def test_a_card_forwarded_to_another_slack_channel_gives_nothing_there(
    stack: LinkStack, recording_id: str, channel: str
) -> None:
    with pytest.raises(NothingHere):
        stack.service.links(recording_id, user("U1", SlackChannelRef("T1", channel)))
    assert (stack.asked, stack.audit_events.all()) == ([], [])


NO_FILES: dict[str, Delivery | None] = {
    "not checked": None,
    "awaited": a_delivery(state=DeliveryState.AWAITED),
    "in Agora's backup": a_delivery(state=DeliveryState.IN_BACKUP),
    "not verified": Delivery(state=DeliveryState.UNVERIFIED, code="AccessDenied"),
    "nothing there": Delivery(state=DeliveryState.MISSING, missing=("SID_daily_0.mp4",)),
    "an empty MP4": a_delivery(112, state=DeliveryState.MISSING, empty=("SID_daily_0.mp4",)),
    "HLS only": replace(a_delivery(), media_files=()),
}


@pytest.mark.parametrize("name", NO_FILES)
def test_without_an_mp4_known_to_be_in_the_bucket_there_are_no_links(name: str) -> None:
    stack = LinkStack(over(delivery=NO_FILES[name]))

    with pytest.raises(NoFiles):
        stack.service.links("rec1", ANA)
    assert stack.audit_events.all() == []


def test_a_person_who_is_no_member_does_not_learn_whether_there_are_files() -> None:
    with pytest.raises(NotAMember):
        LinkStack(over()).service.links("rec1", user("U9"))


def test_a_failed_recording_has_links_to_the_files_that_were_saved() -> None:
    failed = up(id="rec2", agora_channel="weekly", state=State.FAILED, delivery=a_delivery())

    assert len(LinkStack(failed).service.links("rec2", ANA).links) == 1


def test_a_link_that_cannot_be_signed_is_not_audited(stack: LinkStack) -> None:
    stack.bucket.error = BucketDenied("UnusableSettings")

    with pytest.raises(BucketDenied):
        stack.service.links("rec1", ANA)
    assert stack.audit_events.all() == []


def test_the_repr_of_links_does_not_show_a_url(stack: LinkStack) -> None:
    assert "bucket.example" not in repr(stack.service.links("rec1", ANA))


def test_the_files_of_two_servers_keep_the_order_in_which_they_were_recorded() -> None:
    keys = ("a/c2_daily_0.mp4", "a/bak0_c2_daily_0.mp4")
    media_files = tuple(MediaFile(key=key, size=5000) for key in keys)
    stack = LinkStack(over(delivery=replace(a_delivery(), media_files=media_files)))

    assert [link.name for link in stack.service.links("rec1", ANA).links] == [
        "c2_daily_0.mp4",
        "bak0_c2_daily_0.mp4",
    ]


def test_each_link_has_the_number_length_and_span_of_its_file() -> None:
    first = Footage(playlist="a/c2_daily.m3u8", seconds=300, begun_at=at(0), ended_at=at(300))
    second = Footage(playlist="a/bak0_c2_daily.m3u8", seconds=60, begun_at=at(310), ended_at=at(370))
    keys = ("a/c2_daily_0.mp4", "a/bak0_c2_daily_0.mp4", "a/bak0_c2_daily_1.mp4")
    media_files = tuple(MediaFile(key=key, size=5000) for key in keys)
    found = a_delivery(media_files=media_files, footage=(first, second), playlists=(first.playlist, second.playlist))
    links = LinkStack(over(delivery=found)).service.links("rec1", ANA).links

    assert [link.number for link in links] == [1, 2, 3]
    assert (links[0].length, links[0].begun_at, links[0].ended_at) == (timedelta(minutes=5), at(0), at(300))
    assert {(link.length, link.begun_at) for link in links[1:]} == {(None, None)}, "two files share a playlist"
