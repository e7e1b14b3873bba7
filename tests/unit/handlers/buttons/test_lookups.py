"""What a person reads after a press on Details or Next, and after `/record list`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from messages.blocks import Message
from recordings.lifecycle.actions import Change
from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.options import Options
from recordings.model.reason import Reason
from recordings.model.recording import State
from recordings.model.reported import Gap, Reported
from tests.fakes.handlers import CommandStack
from tests.fakes.rendered import pressable, words
from tests.fakes.rows import a_delivery, at, over, running, up
from tests.fakes.slack_requests import a_press


@pytest.fixture
def stack() -> CommandStack:
    return CommandStack()


# Details


def details(stack: CommandStack, value: str, **facts: Any) -> str:
    return words(stack.handlers.details.answer(a_press(value, **facts)))


def test_details_show_what_agoras_support_asks_for(stack: CommandStack) -> None:
    recording = over(detail="504/62 <busy>", queried_at=at(95), delivery=a_delivery())
    stack.has(recording)
    second = running(id="rec1.2", uid=4_000_000_002, created_at=at(5), resource_id="RES2", moved_uid=9)
    recorders = (running(gone_at=at(4)), second)
    stack.saves(recording, Change(recording, recorders=recorders))
    reply = details(stack, "rec1")

    for part in (
        "recording:       rec1",
        "sid:             SID",
        "state:           ended (stopped)",
        "Agora's words:   504/62 &lt;busy&gt;",
        "Agora's status:  5\n",
        "last query:      2026-06-17 11:43:35 UTC",
        "requested by:    U1",
        "ended:           2026-06-17 11:43:40 UTC",
        "notifications:   none received",
        "files:           ready: 1 MP4, 1.7 GB in all",
        "files:           folder/SID_daily_0.mp4",
        "resource:        RES2",
        "recorder uid:    4000000002, 9 since Agora moved it",
        "gone:            2026-06-17 11:42:04 UTC",
    ):
        assert part in reply
    assert reply.index("4000000002") < reply.index("4000000001"), "the newest recorder first"
    assert reply.count("```") == 2, "one block to copy"


def test_details_of_a_call_that_was_not_recorded_expect_no_files(stack: CommandStack) -> None:
    stack.has(over(started_at=None))

    assert "files:           none expected" in details(stack, "rec1")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"state": State.FAILED, "reason": Reason.LOST}, "recording_failed · lost"),
        ({"reason": Reason.IDLE}, "recording_ended · idle"),
        ({"delivery": Delivery(state=DeliveryState.MISSING)}, "recording_warning · not_delivered"),
        ({"delivery": Delivery(state=DeliveryState.IN_BACKUP)}, "recording_warning · in_backup"),
    ],
)
def test_details_show_the_code_of_the_alert(stack: CommandStack, facts: dict[str, Any], code: str) -> None:
    stack.has(over(**facts))

    assert f"code:            {code}" in details(stack, "rec1")


def test_details_show_since_when_nothing_is_known(stack: CommandStack) -> None:
    recording = up()
    doubts: dict[str, Any] = {
        "not_found_since": at(60),
        "unanswered_since": at(70),
        "unanswered_reason": Reason.UNAUTHORIZED,
    }
    stack.has(replace(recording, probe=replace(recording.probe, **doubts)))
    reply = details(stack, "rec1")

    assert "not found:       since 2026-06-17 11:43:00 UTC" in reply
    assert "no answer:       since 2026-06-17 11:43:10 UTC (unauthorized)" in reply


def test_a_gap_within_one_second_has_no_span(stack: CommandStack) -> None:
    gap = Gap(begun_at=at(60.1), ended_at=at(60.7))
    stack.has(over(reported=Reported(gaps=(gap,))))

    assert "gap:             2026-06-17 11:43:00 UTC, under 1 s" in details(stack, "rec1")


def test_every_label_is_shorter_than_its_column(stack: CommandStack) -> None:
    stack.has(over(options=Options(lasts=60), stop_at=at(60), queried_at=at(60), detail="x", delivery=a_delivery()))
    lines = details(stack, "rec1").split("```")[1].strip().splitlines()

    assert all(line[15:17].endswith(" ") and ":" in line[:16] for line in lines if line)


def test_the_menu_of_the_card_shows_details_too(stack: CommandStack) -> None:
    stack.has(up())
    choice = {"action_id": "more", "selected_option": {"value": "details:rec1"}}

    assert "recording:       rec1" in details(stack, "", actions=[choice])
    assert "ended:           not yet" in details(stack, "details:rec1")


@pytest.mark.parametrize(
    ("value", "channel"), [("rec1", "C2"), ("nobody", "C1"), ("", "C1"), ("details:", "C1"), ("\x00", "C1")]
)
def test_there_are_no_details_of_an_unknown_recording(stack: CommandStack, value: str, channel: str) -> None:
    stack.has(over())

    assert "I can't find that recording" in details(stack, value, channel=channel)


# The list


def listed(stack: CommandStack, name: str = "") -> Message:
    return stack.reply_to(f"list {name}")


def values(message: Message, action: str) -> list[str]:
    elements = [e for b in message.blocks for e in [*b.get("elements", []), b.get("accessory", {})]]
    return [element["value"] for element in elements if element.get("action_id") == action]


def entries(message: Message) -> list[str]:
    return [block["text"]["text"] for block in message.blocks if block["type"] == "section"][1:]


def test_each_page_continues_after_the_one_before_until_there_is_no_more(stack: CommandStack) -> None:
    stack.has(*(over(id=f"rec{n:02}", agora_channel=f"call{n:02}", requested_at=at(n)) for n in range(23)))
    shown, pages = listed(stack), []
    while True:
        pages.append([line.split("*")[1] for line in entries(shown)])
        following = values(shown, "list_next")
        if not following:
            break
        assert "list_next" in pressable(shown)
        shown = stack.handlers.next_page.answer(a_press(following[0]))

    assert [len(page) for page in pages] == [10, 10, 3]
    assert [name for page in pages for name in page] == [f"call{n:02}" for n in reversed(range(23))]
    assert "list_next" not in pressable(shown)


def test_each_entry_shows_start_length_end_and_files(stack: CommandStack) -> None:
    stack.has(
        over(id="a", delivery=a_delivery(800_000_000, 400_000_000), ended_at=at(3675)),
        over(id="b", state=State.FAILED, reason=Reason.LOST, requested_at=at(1), agora_channel="b"),
        up(id="c", requested_at=at(2), agora_channel="c"),
    )
    message = listed(stack)
    active, failed, ended = entries(message)

    assert "*c*" in active
    assert "Recording · <https://acme.slack.com" in active
    assert "Failed: the recorder disappeared" in failed
    assert ", 1 h 5 min\nStopped by <@U2> · 2 files, 1.2 GB · <https://acme.slack.com" in ended
    assert f"^{int(at(10).timestamp())}^" in ended, "in the reader's own zone"
    assert values(message, "get_links") == ["a"]


@pytest.mark.parametrize(
    ("delivery", "file_words"),
    [
        (
            a_delivery(5_000_000, state=DeliveryState.MISSING, missing=("b.ts",)),
            " · 1 file, 5.0 MB · some files haven't arrived · ",
        ),
        (Delivery(state=DeliveryState.MISSING, missing=("b.ts",)), " · not saved · "),
        (replace(a_delivery(), media_files=()), " · no MP4 file · "),
        (Delivery(state=DeliveryState.UNVERIFIED), " · not checked · "),
        (Delivery(), "Stopped by <@U2> · <https"),
        (None, "Stopped by <@U2> · <https"),
    ],
)
def test_each_entry_shows_the_state_of_its_files(
    stack: CommandStack, delivery: Delivery | None, file_words: str
) -> None:
    stack.has(over(delivery=delivery))

    assert file_words in entries(listed(stack))[0]


def test_the_next_page_of_a_list_with_a_name_has_the_same_name(stack: CommandStack) -> None:
    stack.has(*(over(id=f"a{n:02}", agora_channel="a|b", requested_at=at(n)) for n in range(12)))
    stack.has(*(over(id=f"c{n:02}", agora_channel="c", requested_at=at(n)) for n in range(12)))
    first = listed(stack, "a|b")
    second = stack.handlers.next_page.answer(a_press(values(first, "list_next")[0]))

    assert all("`a|b`" in line for line in [*entries(first), *entries(second)])
    assert (len(entries(first)), len(entries(second))) == (10, 2)


def test_next_pressed_in_another_slack_channel_shows_nothing_of_this_one(stack: CommandStack) -> None:
    stack.has(*(over(id=f"rec{n:02}", requested_at=at(n)) for n in range(12)))
    following = values(listed(stack), "list_next")[0]

    assert entries(stack.handlers.next_page.answer(a_press(following, channel="C2"))) == []


def test_the_list_says_if_nothing_was_recorded(stack: CommandStack) -> None:
    assert "No recordings in this channel yet" in words(listed(stack))
    assert "I couldn't find *weekly* here" in words(listed(stack, "weekly"))


@pytest.mark.parametrize(
    "value", ["", "x", "a|b|c", "2026-06-17T11:42:00|rec1|", "2026-06-17T11:42:00+02:00|rec1|", "|", "\x00|\x00|\x00"]
)
def test_an_unreadable_cursor_leads_back_to_the_first_page(stack: CommandStack, value: str) -> None:
    stack.has(over())

    assert "Type `/record list`" in words(stack.handlers.next_page.answer(a_press(value)))
