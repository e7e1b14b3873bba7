"""What a person reads after a press on Record again, Details, I'm on it, or Next."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import pytest

from agora.channels import check_channel_name
from handlers.buttons.acknowledge import AcknowledgeButton
from handlers.buttons.again import RecordAgainButton
from handlers.buttons.lookups import DetailsButton, NextButton
from handlers.commands.end_times import Ends
from handlers.commands.record import RecordCommand
from messages.blocks import Message, clock
from recordings.errors import SlackBusy, SlackRefused
from recordings.lifecycle.actions import Change
from recordings.model.alerts import Alert, AlertKey, AlertKind
from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.service.acknowledge import AcknowledgeService
from recordings.service.details import DetailService
from recordings.service.start_stop import RecordingService
from tests.fakes.outboxes import MemoryOutbox
from tests.fakes.rendered import pressable, words
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecorders, MemoryRecordings
from tests.fakes.rows import NOW, FakeClock, a_delivery, an_alert, at, over, running, up
from tests.fakes.slack import CARD_CONFIG, FakeSlack

HERE = "C1"


class Button(Protocol):
    def answer(self, body: dict[str, Any]) -> Message | None: ...


def a_press(value: str, *, by: str = "U2", channel: str = HERE, ts: str = "1.000100", **action: Any) -> dict[str, Any]:
    return {
        "team": {"id": "T1", "domain": "acme"},
        "channel": {"id": channel},
        "user": {"id": by},
        "container": {"type": "message", "message_ts": ts},
        "trigger_id": f"trigger-{next(_NUMBERS)}",
        "response_url": "https://hooks.example/1",
        "actions": [{"value": value, **action}],
    }


_NUMBERS = itertools.count()


@dataclass
class Desk:
    """Every button on an empty store."""

    memory: Memory = field(default_factory=Memory)
    clock: FakeClock = field(default_factory=FakeClock)
    ids: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.store = MemoryRecordings(self.memory)
        self.outbox = MemoryOutbox(self.memory)
        self.slack = FakeSlack(self.clock)
        self.epoch = MemoryLease(self.memory, "me").hold(NOW, 9) or 0
        self.service = RecordingService(
            self.store, check_channel_name, self.clock, lambda: f"new{next(self.ids)}", lambda: None
        )
        self.again = RecordAgainButton(self.service)
        self.next = NextButton(self.service)
        self.details = DetailsButton(DetailService(self.store, MemoryRecorders(self.memory)))
        self.acknowledge = AcknowledgeButton(AcknowledgeService(self.outbox, self.clock), self.slack, CARD_CONFIG)

    def has(self, *recordings: Recording) -> None:
        for recording in recordings:
            assert self.store.add_recording(recording, None) is None

    def raises(self, alert: Alert) -> str:
        """The `ts` of its message."""
        self.has(alert.recording)
        self.store.save(alert.recording, Change(alert.recording, alerts=(alert,)), self.epoch, NOW)
        return self.slack.post(alert.recording.slack_channel, Message("the alert"))

    def types_list(self, name: str = "") -> Message:
        command = {"text": f"list {name}", "team_id": "T1", "team_domain": "acme", "channel_id": HERE, "user_id": "U1"}
        return RecordCommand(
            self.service, lambda channel, told: None, Ends(self.clock, lambda user: None), CARD_CONFIG.max_duration
        ).answer(command)

    def names(self) -> list[tuple[str, str]]:
        return [(recording.agora_channel, recording.started_by) for recording in self.store.active()]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def read(message: Message | None) -> str:
    assert message is not None
    return words(message)


# Record again


@pytest.mark.parametrize("ended", [over(), over(state=State.FAILED, reason=Reason.LOST), over(reason=Reason.IDLE)])
def test_record_again_records_the_same_channel_for_whoever_pressed(desk: Desk, ended: Recording) -> None:
    desk.has(ended)

    assert "Asking Agora to record `daily`" in read(desk.again.answer(a_press("rec1", by="U7")))
    assert desk.names() == [("daily", "U7")]


def test_the_same_press_delivered_twice_starts_one(desk: Desk) -> None:
    desk.has(over())
    press = a_press("rec1")
    desk.again.answer(press)
    first = desk.store.active()[0]
    desk.store.save(first, Change(over(id=first.id)), desk.epoch, NOW)
    desk.again.answer(press)

    assert desk.names() == []


def test_of_two_who_press_one_starts_it_and_the_other_reads_where_its_card_is(desk: Desk) -> None:
    desk.has(over())
    desk.again.answer(a_press("rec1", by="U2"))
    (started,) = desk.store.active()
    desk.store.save(started, Change(up(id=started.id, started_by="U2")), desk.epoch, NOW)
    said = read(desk.again.answer(a_press("rec1", by="U3")))

    assert "already being recorded here" in said
    assert "archives/C1/p1750160520000100|see its card" in said
    assert desk.names() == [("daily", "U2")]


def test_what_another_channel_records_meanwhile_is_no_more_than_that(desk: Desk) -> None:
    desk.has(over(), up(id="rec2", slack_channel="C2"))

    assert read(desk.again.answer(a_press("rec1"))) == "`daily` is already recorded from another channel."


# Details


def test_details_are_what_agoras_support_asks_for(desk: Desk) -> None:
    recording = over(detail="504/62 <busy>", queried_at=at(95), delivery=a_delivery())
    desk.has(recording)
    second = running(id="rec1.2", uid=4_000_000_002, created_at=at(5), resource_id="RES2", moved_uid=9)
    recorders = (running(gone_at=at(4)), second)
    desk.store.save(recording, Change(recording, recorders=recorders), desk.epoch, NOW)
    said = read(desk.details.answer(a_press("rec1")))

    for part in (
        "reference      rec1",
        "sid            SID",
        "state          ended (stopped)",
        "Agora's words  504/62 &lt;busy&gt;",
        "Agora's status 5, at 2026-06-17 11:43:35 UTC",
        "ended          2026-06-17 11:43:40 UTC",
        "notifications  none seen",
        "files          ready: 1 MP4, 1.7 GB in all",
        "files          folder/SID_daily_0.mp4",
        "resource id    RES2",
        "recorder uid   4000000002, 9 since Agora moved it",
        "gone           2026-06-17 11:42:04 UTC",
    ):
        assert part in said
    assert said.index("4000000002") < said.index("4000000001"), "the newest recorder first"


def test_details_are_chosen_in_the_menu_too(desk: Desk) -> None:
    desk.has(up())
    chosen = a_press("", selected_option={"value": "details:rec1"})

    assert "reference      rec1" in read(desk.details.answer(chosen))
    assert "ended          not yet" in read(desk.details.answer(a_press("details:rec1")))


# I'm on it


def lost(**facts: Any) -> Alert:
    return an_alert(over(state=State.FAILED, reason=Reason.LOST), **facts)


def test_whoever_is_on_it_is_shown_on_the_alert_and_needs_no_reply(desk: Desk) -> None:
    ts = desk.raises(lost())
    desk.clock.passes(7)

    assert desk.acknowledge.answer(a_press(str(AlertKey.of(lost())), by="U7", ts=ts)) is None
    shown = desk.slack.posts[ts].message
    assert f"<@U7> is on it, since {clock(at(7))}" in words(shown)
    assert pressable(shown) == ["record_again", "details"]
    assert shown.metadata["event_type"] == "recording_failed"


def test_whoever_comes_later_reads_who_it_is(desk: Desk) -> None:
    ts, value = desk.raises(lost()), str(AlertKey.of(lost()))
    desk.acknowledge.answer(a_press(value, by="U7", ts=ts))
    desk.clock.passes(60)

    assert (
        read(desk.acknowledge.answer(a_press(value, by="U8", ts=ts))) == f"<@U7> is on it already, since {clock(NOW)}."
    )
    assert "<@U7> is on it" in words(desk.slack.posts[ts].message)
    assert desk.acknowledge.answer(a_press(value, by="U7", ts=ts)) is None


@pytest.mark.parametrize("error", [SlackBusy("ratelimited"), SlackRefused("message_not_found")])
def test_where_slack_takes_no_edit_the_person_reads_so_and_the_next_press_does_it(
    desk: Desk, error: SlackBusy | SlackRefused
) -> None:
    ts, value = desk.raises(lost()), str(AlertKey.of(lost()))
    desk.slack.fails(error)

    assert f"did not let me show it on the alert ({error.error})" in read(
        desk.acknowledge.answer(a_press(value, ts=ts))
    )
    assert desk.acknowledge.answer(a_press(value, ts=ts)) is None
    assert "<@U2> is on it" in words(desk.slack.posts[ts].message)


def test_one_who_is_late_reads_who_it_is_though_slack_takes_no_edit(desk: Desk) -> None:
    ts, value = desk.raises(lost()), str(AlertKey.of(lost()))
    desk.acknowledge.answer(a_press(value, by="U7", ts=ts))
    desk.slack.fails(SlackBusy("ratelimited"))

    assert "<@U7> is on it already" in read(desk.acknowledge.answer(a_press(value, by="U8", ts=ts)))


# What is not there


@pytest.mark.parametrize("value", ["", "nobody", "details:", "rec1|nothing|x", "nobody|recording_failed|lost", "\x00"])
@pytest.mark.parametrize("button", ["again", "details", "acknowledge"])
def test_a_press_on_something_unknown_does_nothing(desk: Desk, button: str, value: str) -> None:
    desk.raises(lost())
    chosen: Button = getattr(desk, button)

    assert "I don't know that recording" in read(chosen.answer(a_press(value)))
    assert desk.names() == []
    assert desk.slack.calls == ["post"]


VALUES: dict[str, Callable[[Alert], str]] = {
    "again": lambda alert: alert.recording.id,
    "details": lambda alert: alert.recording.id,
    "acknowledge": lambda alert: str(AlertKey.of(alert)),
}


@pytest.mark.parametrize("button", VALUES)
def test_what_belongs_to_another_channel_is_unknown_here(desk: Desk, button: str) -> None:
    desk.raises(lost())
    chosen: Button = getattr(desk, button)
    said = read(chosen.answer(a_press(VALUES[button](lost()), channel="C2")))

    assert said == "I don't know that recording any more. `/record status` shows what is running."
    assert desk.names() == []
    assert desk.slack.calls == ["post"]


# The list


def values(message: Message, action: str) -> list[str]:
    elements = [e for b in message.blocks for e in [*b.get("elements", []), b.get("accessory", {})]]
    return [element["value"] for element in elements if element.get("action_id") == action]


def entries(message: Message) -> list[str]:
    return [block["text"]["text"] for block in message.blocks if block["type"] == "section"][1:]


def test_the_list_goes_on_behind_what_was_shown_until_that_is_all(desk: Desk) -> None:
    desk.has(*(over(id=f"rec{n:02}", agora_channel=f"call{n:02}", requested_at=at(n)) for n in range(23)))
    shown, pages = desk.types_list(), []
    while True:
        pages.append([line.split("`")[1] for line in entries(shown)])
        following = values(shown, "list_next")
        if not following:
            break
        answer = desk.next.answer(a_press(following[0]))
        assert "That is all" not in words(shown)
        shown = answer

    assert [len(each) for each in pages] == [10, 10, 3]
    assert [name for each in pages for name in each] == [f"call{n:02}" for n in reversed(range(23))]
    assert "That is all" in words(shown)


def test_each_says_when_how_long_how_it_ended_and_what_there_is_of_it(desk: Desk) -> None:
    desk.has(
        over(id="a", delivery=a_delivery(800_000_000, 400_000_000), ended_at=at(3675)),
        over(id="b", state=State.FAILED, reason=Reason.LOST, requested_at=at(1), agora_channel="b"),
        up(id="c", requested_at=at(2), agora_channel="c"),
    )
    message = desk.types_list()
    going_on, failed, ended = entries(message)

    assert "*`c`*" in going_on
    assert "Recording · <https://acme.slack.com" in going_on
    assert "Failed: the recorder was lost" in failed
    assert ", 1 h 01 min\nStopped by <@U2> · 2 files, 1.2 GB · <https://acme.slack.com" in ended
    assert f"^{int(at(10).timestamp())}^" in ended, "in the reader's own zone"
    assert values(message, "get_links") == ["a"]


@pytest.mark.parametrize(
    ("delivery", "words_of_it"),
    [
        (
            a_delivery(5_000_000, state=DeliveryState.MISSING, missing=("b.ts",)),
            " · 1 file, 5.0 MB · others are missing · ",
        ),
        (Delivery(state=DeliveryState.MISSING, missing=("b.ts",)), " · its files are missing · "),
        (replace(a_delivery(), media_files=()), " · no MP4, HLS only · "),
        (Delivery(state=DeliveryState.UNVERIFIED), " · not verified · "),
        (Delivery(), "Stopped by <@U2> · <https"),
        (None, "Stopped by <@U2> · <https"),
    ],
)
def test_each_says_how_its_files_stand(desk: Desk, delivery: Delivery | None, words_of_it: str) -> None:
    desk.has(over(delivery=delivery))

    assert words_of_it in entries(desk.types_list())[0]


def test_a_list_of_one_name_stays_with_that_name(desk: Desk) -> None:
    desk.has(*(over(id=f"a{n:02}", agora_channel="a|b", requested_at=at(n)) for n in range(12)))
    desk.has(*(over(id=f"c{n:02}", agora_channel="c", requested_at=at(n)) for n in range(12)))
    first = desk.types_list("a|b")
    second = desk.next.answer(a_press(values(first, "list_next")[0]))

    assert all("`a|b`" in line for line in [*entries(first), *entries(second)])
    assert (len(entries(first)), len(entries(second))) == (10, 2)


def test_next_pressed_in_another_channel_shows_nothing_of_this_one(desk: Desk) -> None:
    desk.has(*(over(id=f"rec{n:02}", requested_at=at(n)) for n in range(12)))
    following = values(desk.types_list(), "list_next")[0]

    assert entries(desk.next.answer(a_press(following, channel="C2"))) == []


def test_where_nothing_was_recorded_that_is_said(desk: Desk) -> None:
    assert "Nothing has been recorded from this channel yet" in words(desk.types_list())
    assert "`weekly` is not being recorded" in words(desk.types_list("weekly"))


@pytest.mark.parametrize(
    "value", ["", "x", "a|b|c", "2026-06-17T11:42:00|rec1|", "2026-06-17T11:42:00+02:00|rec1|", "|", "\x00|\x00|\x00"]
)
def test_a_cursor_that_is_none_leads_back_to_the_beginning(desk: Desk, value: str) -> None:
    desk.has(over())

    assert "`/record list` shows it anew" in words(desk.next.answer(a_press(value)))


def test_an_alert_is_named_by_what_makes_it_the_only_one() -> None:
    name = AlertKey("rec1", AlertKind.FAILED, "a|b|c")

    assert AlertKey.read(str(name)) == name
