"""What a person reads after `/record …`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from handlers.directory import NotInChannel
from recordings.errors import StorageUnavailable
from recordings.lifecycle.actions import Change
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


def moment(at: datetime) -> str:
    """A moment in the reader's zone, up to its format."""
    return f"<!date^{int(at.timestamp())}^"


# start


def test_start_points_to_the_card(stack: CommandStack) -> None:
    reply = stack.types("start weekly")

    assert "*weekly*" in reply
    assert "card" in reply
    assert [r.agora_channel for r in stack.recordings.active()] == ["weekly"]


def test_start_without_a_name_takes_the_name_of_the_slack_channel(stack: CommandStack) -> None:
    stack.types("start")

    assert [(r.agora_channel, r.slack_channel, r.started_by) for r in stack.recordings.active()] == [
        ("daily", "C1", "U1")
    ]


def test_start_asks_for_a_name_if_the_name_of_the_slack_channel_is_unknown(stack: CommandStack) -> None:
    stack.channel_name = lambda channel, named: None

    assert "Type /record start and the name of the call." in stack.types("start", channel_name="privategroup")
    assert stack.recordings.active() == []


@pytest.mark.parametrize("name", ["b\u00fcro", "besprechung-\u2603", "x" * 80])
def test_start_asks_for_a_name_if_agora_cannot_have_that_of_the_slack_channel(stack: CommandStack, name: str) -> None:
    reply = stack.types("start", channel_name=name)
    assert "Call names can't" in reply
    assert "Type /record start and the name of the call." in reply
    assert stack.recordings.active() == []


@pytest.mark.parametrize(
    "name",
    ["b\u00fcro", "a/b", "\U0001f3a5", "x" * 65, "d\x00aily", "a'b", "\u202edaily", ".", "..", "a`b", "50\u20ac"],
)
def test_an_impossible_name_is_refused_with_the_rule(stack: CommandStack, name: str) -> None:
    reply = stack.types(f"start {name}")

    assert "name" in reply
    assert "letters a\u2013z, digits, spaces" in reply
    assert stack.recordings.active() == []


def test_the_reply_to_a_second_start_links_to_the_card(stack: CommandStack) -> None:
    stack.has(up(card_ts="1750160520.000100"))

    reply = stack.types("start daily")

    assert "*daily* is already being recorded" in reply
    assert "<https://acme.slack.com/archives/C1/p1750160520000100|Go to card>" in reply


def test_the_reply_to_a_second_start_says_that_the_card_is_not_there_yet(stack: CommandStack) -> None:
    stack.types("start daily")

    assert "Its card is on the way" in stack.types("start daily")


def test_a_start_says_only_that_another_slack_channel_records_it(stack: CommandStack) -> None:
    stack.has(up(slack_channel="C2", started_by="U9"))

    assert stack.types("start daily") == "Someone is already recording *daily* from another channel."


def test_a_start_for_a_length_says_when_it_ends(stack: CommandStack) -> None:
    reply = stack.types("start weekly for 45m")

    assert f"It ends {moment(at(2700))}" in reply
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
    assert "`/record start weekly for 45m`" in reply
    assert stack.recordings.active() == []


def test_after_a_slow_lookup_slack_is_not_asked_again_as_it_waits_three_seconds_only(stack: CommandStack) -> None:
    def slow(channel: str, named: str) -> str | None:
        stack.clock.passes(1)
        return None

    stack.channel_name = slow

    assert "time zone" in stack.types("start weekly until 14:00", channel_name="privategroup")
    assert "Starting to record" in stack.types("start weekly for 45m", channel_name="privategroup")


def test_a_second_start_does_not_change_the_end(stack: CommandStack) -> None:
    stack.has(up())

    assert "press *Add 30 min* on the card" in stack.types("start daily for 45m")
    assert "Add 30 min" not in stack.types("start daily")
    assert stack.row().intent.ends_at is None


def test_a_start_names_options_that_differ_from_the_default(stack: CommandStack) -> None:
    assert "Starting to record *weekly*, audio only." in stack.types("start weekly for 45m audio")
    assert "Starting to record *daily*, 1080p, floating layout." in stack.types("start floating 1080p")
    assert [(r.options.media, r.options.lasts) for r in stack.recordings.active()] == [("audio", 2700), ("video", None)]


def test_a_second_start_does_not_change_the_options(stack: CommandStack) -> None:
    stack.has(up())

    assert "Its options stay as they are" in stack.types("start daily audio")
    assert stack.row().options == Options()


def test_options_that_contradict_each_other_start_nothing(stack: CommandStack) -> None:
    reply = stack.types("start daily audio grid")

    assert "Audio-only recordings have no layout. Leave out grid." in reply
    assert "`/record start daily audio`" in reply
    assert stack.recordings.active() == []


# stop


def test_stop_says_that_the_recording_is_being_stopped(stack: CommandStack) -> None:
    stack.has(up())

    assert "Stopping *daily*" in stack.types("stop")
    assert stack.row().intent.stop_by == "U1"


def test_a_second_stop_names_the_person_who_stopped_first(stack: CommandStack) -> None:
    stack.has(up(stop_at=at(1), stop_by="U2"))

    reply = stack.types("stop")
    assert reply == "<@U2> is already stopping *daily*."


def test_stop_with_several_running_lists_them(stack: CommandStack) -> None:
    stack.has(up(), up(id="rec2", agora_channel="team call", requested_at=at(1)))

    reply = stack.types("stop")

    assert "daily" in reply
    assert "team call" in reply
    assert reply.startswith("Two recordings are running.")
    assert [r.intent.stop_at for r in stack.recordings.active()] == [None, None]


def test_a_stop_of_a_recording_that_is_over_shows_how_it_ended(stack: CommandStack) -> None:
    stack.has(over(reason=Reason.IDLE, stop_by=None))

    assert "everyone left" in stack.types("stop daily")


@pytest.mark.parametrize("text", ["stop daily", "status daily", "status"])
def test_a_recording_that_was_cancelled_has_the_words_of_its_card(stack: CommandStack, text: str) -> None:
    stack.has(over(started_at=None))

    reply = stack.types(text)

    assert "cancelled by <@U2>" in reply
    assert "The recording of" not in reply


def test_a_stop_of_a_recording_that_is_over_does_not_deny_another_one(stack: CommandStack) -> None:
    stack.has(over(), up(id="rec2", agora_channel="weekly"))

    assert "Nothing's being recorded" not in stack.types("stop daily")


@pytest.mark.parametrize("text", ["stop", "stop weekly", "status", "status weekly"])
def test_the_reply_says_if_nothing_was_ever_recorded(stack: CommandStack, text: str) -> None:
    reply = stack.types(text)

    assert "No recordings in this channel yet" in reply or "couldn't find *weekly* here" in reply


def test_a_recording_of_another_slack_channel_cannot_be_stopped(stack: CommandStack) -> None:
    stack.has(up(slack_channel="C2"))

    assert "couldn't find *daily* here" in stack.types("stop daily")
    assert stack.row().intent.stop_at is None


# status


def test_status_shows_each_running_recording_with_its_card(stack: CommandStack) -> None:
    stack.has(up(), with_card(id="rec2", agora_channel="weekly", requested_at=at(1), started_by="U7"))

    daily, weekly = stack.types("status").split("\n")

    assert "*daily* · Recording since" in daily
    assert "*weekly* · Starting" in weekly
    assert "started by <@U7>" in weekly
    assert daily.endswith("|Go to card>")


@pytest.mark.parametrize(
    "doubt",
    [
        {"not_found_since": at(60)},
        {"unanswered_since": at(60), "unanswered_reason": Reason.AGORA_UNREACHABLE},
        {"confirmation_expired": True},
    ],
)
def test_nobody_reads_that_a_call_is_being_recorded_while_that_is_unconfirmed(
    stack: CommandStack, doubt: dict[str, Any]
) -> None:
    recording = up()
    stack.has(replace(recording, probe=replace(recording.probe, **doubt)))

    assert "can't confirm it's recording" in stack.types("status")
    assert "can't confirm it right now" in stack.types("start daily")
    for text in ("status", "start daily"):
        assert "Recording since" not in stack.types(text)
        assert "is already being recorded" not in stack.types(text)


def test_status_shows_end_and_options(stack: CommandStack) -> None:
    stack.has(up(), with_card(id="rec2", agora_channel="weekly", requested_at=at(1), ends_at=at(2700)))
    stack.has(up(id="rec3", agora_channel="talk", requested_at=at(2), options=Options(media=Media.AUDIO)))

    daily, weekly, talk = stack.types("status").split("\n")

    assert f"ends {moment(at(10 + 14_400))}" in daily
    assert f"ends {moment(at(2700))}" in weekly
    assert " · audio only · " in talk


def test_status_shows_no_end_of_a_recording_that_is_being_stopped(stack: CommandStack) -> None:
    stack.has(up(stop_at=at(50), stop_by="U7"))

    assert "ends" not in stack.types("status")


def test_status_shows_the_last_recording_if_none_is_active(stack: CommandStack) -> None:
    stack.has(over())

    reply = stack.types("status")
    assert "Nothing's being recorded here" in reply
    assert "stopped by <@U2>" in reply


def test_the_status_of_a_recording_that_is_over_does_not_deny_another_one(stack: CommandStack) -> None:
    stack.has(over(), up(id="rec2", agora_channel="weekly"))

    reply = stack.types("status daily")

    assert "stopped by <@U2>" in reply
    assert "Nothing's being recorded here" not in reply


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.CRASHED, Reason.OVERLOADED, Reason.UNDELIVERABLE])
def test_the_status_of_a_failed_recording_says_why(stack: CommandStack, reason: Reason) -> None:
    stack.has(over(state=State.FAILED, reason=reason))

    assert "failed: " in stack.types("status")


def test_a_channel_without_the_bot_is_answered_with_the_invitation_and_nothing_starts(stack: CommandStack) -> None:
    for is_conversation, words in ((False, "`/invite @recorder`, then try again"), (True, "DM between people")):

        def lookup(channel: str, named: str, between_people: bool = is_conversation) -> str | None:
            raise NotInChannel(channel, is_conversation=between_people)

        stack.channel_name = lookup
        for text in ("start", "start weekly", "start weekly for 45m"):
            assert words in stack.types(text, channel_name="privategroup"), text
    assert stack.recordings.active() == []


def test_the_stop_buttons_of_several_recordings_differ_for_screen_readers(stack: CommandStack) -> None:
    stack.has(up(), up(id="rec2", agora_channel="team call", requested_at=at(1)))

    buttons = [block["accessory"] for block in stack.reply_to("stop").blocks[1:]]
    assert [button["text"]["text"] for button in buttons] == ["Stop", "Stop"]
    assert [button["accessibility_label"] for button in buttons] == ["Stop recording daily", "Stop recording team call"]


@pytest.mark.parametrize("text", ["stop all", "stop now", "stop everything"])
def test_stop_all_stops_the_only_one_or_asks_which(stack: CommandStack, text: str) -> None:
    stack.has(up(), up(id="rec2", agora_channel="weekly", requested_at=at(1)))

    assert "Which one should stop?" in stack.types(text)
    stack.saves(stack.row("rec2"), Change(over(id="rec2", agora_channel="weekly")))
    assert "Stopping *daily*" in stack.types(text)


def test_a_call_named_all_is_stopped_by_its_name(stack: CommandStack) -> None:
    stack.has(up(agora_channel="all"), up(id="rec2", agora_channel="weekly", requested_at=at(1)))

    assert "Stopping *all*" in stack.types("stop all")


def test_a_stop_while_agora_rejects_the_sign_in_says_that_it_cannot_be_done_yet(stack: CommandStack) -> None:
    recording = up()
    rejected = replace(recording.probe, unanswered_since=at(60), unanswered_reason=Reason.UNAUTHORIZED)
    stack.has(replace(recording, probe=rejected))

    for _ in range(2):
        reply = stack.types("stop")
        assert "I can't stop *daily* yet: Agora rejects our sign-in" in reply
    assert stack.row().intent.stop_by == "U1", "it is wanted all the same"


# help, and commands that nobody understands


@pytest.mark.parametrize("text", ["help", "HELP", "help me"])
def test_help_names_every_command(stack: CommandStack, text: str) -> None:
    reply = stack.types(text)

    assert all(f"/record {verb}" in reply for verb in ("start", "status", "stop", "list", "help"))


def test_a_mistyped_command_suggests_the_closest_one(stack: CommandStack) -> None:
    assert "Did you mean `/record start daily`?" in stack.types("strat daily")
    assert stack.recordings.active() == []


INSTEAD = {
    "extend": "*Add 30 min* on the card",
    "files": "*Get the recording*",
    "link": "`/record list`",
    "download": "*Get the recording*",
    "share": "*Get the recording*",
    "delete": "Ask your recording admin",
    "pause": "can't be paused",
    "cancel": "`/record stop`",
    "who": "`/record status`",
    "settings": "your recording admin",
}


@pytest.mark.parametrize("word", INSTEAD)
def test_a_command_that_people_expect_is_answered_with_what_to_do_instead(stack: CommandStack, word: str) -> None:
    reply = stack.types(word)

    assert INSTEAD[word] in reply
    assert reply.startswith(f"There's no `{word}` command.")
    assert "Did you mean" not in reply


def test_an_unknown_word_that_can_be_a_name_is_answered_with_the_command_for_it(stack: CommandStack) -> None:
    assert "`/record start team-sync`" in stack.types("team-sync")
    assert "/record start" not in stack.types("<@U1|ana>")


def test_the_help_for_a_command_is_about_that_command(stack: CommandStack) -> None:
    assert "1080p" in stack.types("start help")
    assert "1080p" not in stack.types("stop help")
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
        (Delivery(state=DeliveryState.MISSING), "not saved"),
        (Delivery(state=DeliveryState.UNVERIFIED), "not checked"),
    ],
)
def test_the_status_of_a_recording_that_is_over_shows_the_state_of_its_files(
    stack: CommandStack, delivery: Delivery, words: str
) -> None:
    stack.has(over(delivery=delivery))

    assert f" · {words} · " in stack.types("status")


def test_the_status_of_a_recording_with_files_has_a_button_for_them(stack: CommandStack) -> None:
    stack.has(over(delivery=a_delivery(812_000_000)))

    button = stack.reply_to("status").blocks[0]["accessory"]
    assert (button["action_id"], button["value"]) == ("get_links", "rec1")
    assert button["accessibility_label"] == "Get the recording of daily"


def test_a_recording_that_is_uploading_cannot_be_stopped(stack: CommandStack) -> None:
    stack.has(up(state=State.UPLOADING, files_awaited=True, ended_at=at(60)))

    reply = stack.types("stop")
    assert "The recording of *daily* is over" in reply


def test_the_example_for_a_time_that_has_passed_keeps_the_options(stack: CommandStack) -> None:
    stack.time_zone = None

    assert "`/record start weekly for 45m audio`" in stack.types("start weekly until 14:00 audio")
    assert "`/record start weekly for 45m speaker 1080p`" in stack.types("start weekly until 14:00 1080p speaker")
