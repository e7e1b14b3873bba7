"""What a person reads after a press on Record again."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.directory import NotInChannel
from recordings.lifecycle.actions import Change
from recordings.model.options import Media, Options
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from tests.fakes.handlers import CommandStack
from tests.fakes.rows import at, over, up
from tests.fakes.slack_requests import a_press


@pytest.fixture
def stack() -> CommandStack:
    return CommandStack()


def presses(stack: CommandStack, value: str = "rec1", **facts: Any) -> str:
    return stack.handlers.again.answer(a_press(value, **facts)).text


def active(stack: CommandStack) -> list[tuple[str, str]]:
    return [(recording.agora_channel, recording.started_by) for recording in stack.recordings.active()]


@pytest.mark.parametrize("ended", [over(), over(state=State.FAILED, reason=Reason.LOST), over(reason=Reason.IDLE)])
def test_a_press_records_the_same_agora_channel_for_the_person_who_pressed(
    stack: CommandStack, ended: Recording
) -> None:
    stack.has(ended)

    assert "Starting to record *daily*" in presses(stack, by="U7")
    assert active(stack) == [("daily", "U7")]


def test_in_a_channel_without_the_bot_a_press_is_answered_with_the_invitation_and_starts_nothing(
    stack: CommandStack,
) -> None:
    def lookup(channel: str, named: str) -> str | None:
        raise NotInChannel(channel, is_conversation=False)

    stack.has(over())
    stack.channel_name = lookup
    reply = presses(stack)

    assert "`/invite @recorder`, then try again" in reply
    assert "Starting" not in reply
    assert active(stack) == []


def test_a_redelivered_press_starts_nothing(stack: CommandStack) -> None:
    stack.has(over())
    press = a_press("rec1")
    stack.handlers.again.answer(press)
    first = stack.recordings.active()[0]
    stack.saves(first, Change(over(id=first.id)))
    stack.handlers.again.answer(press)

    assert active(stack) == []


def test_of_two_people_who_press_one_starts_it_and_the_other_reads_where_its_card_is(stack: CommandStack) -> None:
    stack.has(over())
    presses(stack, by="U2")
    (started,) = stack.recordings.active()
    stack.saves(started, Change(up(id=started.id, started_by="U2")))
    reply = presses(stack, by="U3")

    assert "*daily* is already being recorded" in reply
    assert "archives/C1/p1750160520000100|Go to card" in reply
    assert active(stack) == [("daily", "U2")]


def test_a_press_says_only_that_another_slack_channel_records_it_meanwhile(stack: CommandStack) -> None:
    stack.has(over(), up(id="rec2", slack_channel="C2"))

    assert presses(stack) == "Someone is already recording *daily* from another channel."


@pytest.mark.parametrize(("value", "channel"), [("rec1", "C2"), ("nobody", "C1"), ("", "C1"), ("\x00", "C1")])
def test_a_press_on_an_unknown_recording_starts_nothing(stack: CommandStack, value: str, channel: str) -> None:
    stack.has(over())

    reply = presses(stack, value, channel=channel)

    assert reply == "I can't find that recording in this channel. Type `/record list` to see its recordings."
    assert active(stack) == []


def again(stack: CommandStack, earlier: Recording) -> Recording:
    """The recording that a press starts after this one."""
    stack.has(earlier)
    presses(stack)
    (recording,) = stack.recordings.active()
    return recording


def test_the_new_recording_takes_as_long_as_the_earlier_one_should_have(stack: CommandStack) -> None:
    options = Options(media=Media.AUDIO, lasts=1200)
    recording = again(stack, over(options=options, ends_at=at(1200)))

    assert (recording.options, recording.intent.ends_at) == (options, at(1200))


def test_a_chosen_time_of_day_that_is_still_to_come_stays_the_end(stack: CommandStack) -> None:
    assert again(stack, over(state=State.FAILED, reason=Reason.LOST, ends_at=at(3600))).intent.ends_at == at(3600)


def test_a_chosen_time_of_day_that_has_passed_leads_to_the_same_length(stack: CommandStack) -> None:
    assert again(stack, over(ends_at=at(30))).intent.ends_at == at(60), "people choose a time by the minute"


@pytest.mark.parametrize("facts", [{"ends_at": at(3600), "extended_by": "U7"}, {}])
def test_else_the_new_recording_has_the_default_end(stack: CommandStack, facts: dict[str, Any]) -> None:
    assert again(stack, over(**facts)).intent.ends_at is None
