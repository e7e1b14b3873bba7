"""What a person reads after `/record …`."""

from __future__ import annotations

import pytest

from messages.blocks import date_and_time
from recordings.errors import StorageUnavailable
from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.options import Media, Options
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from tests.fakes.handlers import CommandStack
from tests.fakes.repositories import MemoryRecordings
from tests.fakes.rows import a_delivery, at, over, up, with_card


@pytest.fixture
def stack() -> CommandStack:
    return CommandStack()


# start


def test_start_points_to_the_card(stack: CommandStack) -> None:
    reply = stack.types("start weekly")

    assert "`weekly`" in reply
    assert "card" in reply
    assert [r.agora_channel for r in stack.recordings.active()] == ["weekly"]


def test_start_without_a_name_takes_the_name_of_the_slack_channel(stack: CommandStack) -> None:
    stack.types("start")

    assert [(r.agora_channel, r.slack_channel, r.started_by) for r in stack.recordings.active()] == [
        ("daily", "C1", "U1")
    ]


def test_start_asks_for_a_name_if_the_name_of_the_slack_channel_is_unknown(stack: CommandStack) -> None:
    stack.channel_name = lambda channel, named: None

    assert "/record start daily" in stack.types("start", channel_name="privategroup")
    assert stack.recordings.active() == []


@pytest.mark.parametrize("name", ["b\u00fcro", "besprechung-\u2603", "x" * 80])
def test_start_asks_for_a_name_if_agora_cannot_have_that_of_the_slack_channel(stack: CommandStack, name: str) -> None:
    assert "/record start daily" in stack.types("start", channel_name=name)
    assert stack.recordings.active() == []


@pytest.mark.parametrize(
    "name",
    ["b\u00fcro", "a/b", "\U0001f3a5", "x" * 65, "d\x00aily", "a'b", "\u202edaily", ".", "..", "a`b", "50\u20ac"],
)
def test_an_impossible_name_is_refused_with_the_rule(stack: CommandStack, name: str) -> None:
    reply = stack.types(f"start {name}")

    assert "name" in reply
    assert "Type, for example, `/record start daily`" in reply
    assert stack.recordings.active() == []


def test_the_reply_to_a_second_start_links_to_the_card(stack: CommandStack) -> None:
    stack.has(up(card_ts="1750160520.000100"))

    reply = stack.types("start daily")

    assert "already being recorded here" in reply
    assert "<https://acme.slack.com/archives/C1/p1750160520000100|see its card>" in reply


def test_the_reply_to_a_second_start_says_that_the_card_is_not_there_yet(stack: CommandStack) -> None:
    stack.types("start daily")

    assert "its card comes in a moment" in stack.types("start daily")


def test_a_start_says_only_that_another_slack_channel_records_it(stack: CommandStack) -> None:
    stack.has(up(slack_channel="C2", started_by="U9"))

    assert stack.types("start daily") == "`daily` is already recorded from another channel."


def test_a_start_for_a_length_says_when_it_ends(stack: CommandStack) -> None:
    reply = stack.types("start weekly for 45m")

    assert f"stopped at {date_and_time(at(2700))} at the latest" in reply
    assert [(r.agora_channel, r.intent.ends_at) for r in stack.recordings.active()] == [("weekly", at(2700))]


def test_a_start_for_a_length_without_a_name_takes_the_name_of_the_slack_channel(stack: CommandStack) -> None:
    stack.types("start for 2h")

    assert [(r.agora_channel, r.intent.ends_at) for r in stack.recordings.active()] == [("daily", at(7200))]


def test_a_start_until_a_time_means_the_persons_time_zone(stack: CommandStack) -> None:
    """It is 11:42 in UTC, and 13:42 in Madrid."""
    stack.types("start weekly until 14:00")

    assert [r.intent.ends_at for r in stack.recordings.active()] == [at(18 * 60)]


def test_if_the_time_zone_is_unknown_the_reply_proposes_a_length(stack: CommandStack) -> None:
    stack.time_zone = None

    reply = stack.types("start weekly until 14:00")

    assert "time zone" in reply
    assert "`/record start daily for 45m`" in reply
    assert stack.recordings.active() == []


def test_a_second_start_does_not_change_the_end(stack: CommandStack) -> None:
    stack.has(up())

    assert "Its end stays as it was" in stack.types("start daily for 45m")
    assert "Its end stays as it was" not in stack.types("start daily")
    assert stack.row().intent.ends_at is None


def test_a_start_names_options_that_differ_from_the_default(stack: CommandStack) -> None:
    assert "Asking Agora to record `weekly`, audio only." in stack.types("start weekly for 45m audio")
    assert "Asking Agora to record `daily`, 1080p, floating layout." in stack.types("start floating 1080p")
    assert [(r.options.media, r.options.lasts) for r in stack.recordings.active()] == [("audio", 2700), ("video", None)]


def test_a_second_start_does_not_change_the_options(stack: CommandStack) -> None:
    stack.has(up())

    assert "It is recorded as it was begun" in stack.types("start daily audio")
    assert stack.row().options == Options()


def test_options_that_contradict_each_other_start_nothing(stack: CommandStack) -> None:
    reply = stack.types("start daily audio grid")

    assert "Sound only has no picture, so it can't be grid." in reply
    assert "`/record start daily for 45m audio`" in reply
    assert stack.recordings.active() == []


# stop


def test_stop_says_that_the_recording_is_being_stopped(stack: CommandStack) -> None:
    stack.has(up())

    assert "Stopping `daily`" in stack.types("stop")
    assert stack.row().intent.stop_by == "U1"


def test_a_second_stop_names_the_person_who_stopped_first(stack: CommandStack) -> None:
    stack.has(up(stop_at=at(1), stop_by="U2"))

    reply = stack.types("stop")
    assert "stopped already" in reply
    assert "<@U2>" in reply


def test_stop_with_several_running_lists_them(stack: CommandStack) -> None:
    stack.has(up(), up(id="rec2", agora_channel="team call", requested_at=at(1)))

    reply = stack.types("stop")

    assert "daily" in reply
    assert '"team call"' in reply
    assert [r.intent.stop_at for r in stack.recordings.active()] == [None, None]


def test_a_stop_of_a_recording_that_is_over_shows_how_it_ended(stack: CommandStack) -> None:
    stack.has(over(reason=Reason.IDLE, stop_by=None))

    assert "nobody was left in the call" in stack.types("stop daily")


def test_a_stop_of_a_recording_that_is_over_does_not_deny_another_one(stack: CommandStack) -> None:
    stack.has(over(), up(id="rec2", agora_channel="weekly"))

    assert "Nothing is being recorded" not in stack.types("stop daily")


@pytest.mark.parametrize("text", ["stop", "stop weekly", "status", "status weekly"])
def test_the_reply_says_if_nothing_was_ever_recorded(stack: CommandStack, text: str) -> None:
    reply = stack.types(text)

    assert "Nothing has been recorded from this channel yet" in reply or "`weekly` is not being recorded" in reply


def test_a_recording_of_another_slack_channel_cannot_be_stopped(stack: CommandStack) -> None:
    stack.has(up(slack_channel="C2"))

    assert "not being recorded from this channel" in stack.types("stop daily")
    assert stack.row().intent.stop_at is None


# status


def test_status_shows_each_running_recording_with_its_card(stack: CommandStack) -> None:
    stack.has(up(), with_card(id="rec2", agora_channel="weekly", requested_at=at(1), started_by="U7"))

    daily, weekly = stack.types("status").split("\n")

    assert "`daily`: recording, since" in daily
    assert "`weekly`: starting" in weekly
    assert "<@U7>" in weekly
    assert daily.endswith("|see its card>)")


def test_status_shows_end_and_options(stack: CommandStack) -> None:
    stack.has(up(), with_card(id="rec2", agora_channel="weekly", requested_at=at(1), ends_at=at(2700)))
    stack.has(up(id="rec3", agora_channel="talk", requested_at=at(2), options=Options(media=Media.AUDIO)))

    daily, weekly, talk = stack.types("status").split("\n")

    assert f"until {date_and_time(at(10 + 14_400))} at the latest" in daily
    assert f"until {date_and_time(at(2700))} at the latest" in weekly
    assert ", audio only, " in talk


def test_status_shows_no_end_of_a_recording_that_is_being_stopped(stack: CommandStack) -> None:
    stack.has(up(stop_at=at(50), stop_by="U7"))

    assert "at the latest" not in stack.types("status")


def test_status_shows_the_last_recording_if_none_is_active(stack: CommandStack) -> None:
    stack.has(over())

    reply = stack.types("status")
    assert "Nothing is being recorded here just now" in reply
    assert "stopped by <@U2>" in reply


def test_the_status_of_a_recording_that_is_over_does_not_deny_another_one(stack: CommandStack) -> None:
    stack.has(over(), up(id="rec2", agora_channel="weekly"))

    reply = stack.types("status daily")

    assert "stopped by <@U2>" in reply
    assert "Nothing is being recorded here" not in reply


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.CRASHED, Reason.OVERLOADED, Reason.UNDELIVERABLE])
def test_the_status_of_a_failed_recording_says_why(stack: CommandStack, reason: Reason) -> None:
    stack.has(over(state=State.FAILED, reason=reason))

    assert "failed: " in stack.types("status")


# help, and commands that nobody understands


@pytest.mark.parametrize("text", ["help", "HELP", "help me"])
def test_help_names_every_command(stack: CommandStack, text: str) -> None:
    reply = stack.types(text)

    assert all(f"/record {verb}" in reply for verb in ("start", "status", "stop", "list", "help"))


def test_a_mistyped_command_suggests_the_closest_one(stack: CommandStack) -> None:
    assert "Did you mean `/record start`?" in stack.types("strat daily")
    assert stack.recordings.active() == []


def test_an_unknown_word_is_shown_escaped_and_cut(stack: CommandStack) -> None:
    assert "&lt;!channel&gt;" in stack.types("&lt;!channel&gt;")
    assert len(stack.types("x" * 9000)) < 300


def test_a_mention_is_refused_with_a_hint(stack: CommandStack) -> None:
    assert "mention" in stack.types("start <@U012AB3CD|ana>")
    assert stack.recordings.active() == []


def test_a_failure_of_the_database_is_not_hidden(stack: CommandStack) -> None:
    class Away(MemoryRecordings):
        def active_in(self, slack_channel: str) -> list[Recording]:
            raise StorageUnavailable("locked")

    stack.recordings = Away(stack.memory)

    with pytest.raises(StorageUnavailable):
        stack.types("status")


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (a_delivery(812_000_000), "1 h 5 min · 1 file, 812 MB"),
        (Delivery(state=DeliveryState.MISSING), "its files are missing"),
        (Delivery(state=DeliveryState.UNVERIFIED), "not verified"),
    ],
)
def test_the_status_of_a_recording_that_is_over_shows_the_state_of_its_files(
    stack: CommandStack, delivery: Delivery, words: str
) -> None:
    stack.has(over(delivery=delivery))

    assert f", {words} (" in stack.types("status")


def test_a_recording_that_is_uploading_cannot_be_stopped(stack: CommandStack) -> None:
    stack.has(up(state=State.UPLOADING, files_awaited=True, ended_at=at(60)))

    reply = stack.types("stop")
    assert "is over" in reply
    assert "saving" in reply
