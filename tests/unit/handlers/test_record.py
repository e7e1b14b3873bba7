"""What a person reads after `/record …`, and after a press on Stop."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agora.channels import check_channel_name
from handlers.buttons.extend import ExtendButton
from handlers.buttons.stop import StopButton
from handlers.commands.end_times import Ends
from handlers.commands.record import RecordCommand
from messages.blocks import date_and_time
from recordings.errors import StorageUnavailable
from recordings.lifecycle.policy import Policy
from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.options import Media, Options
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.service.extend import ExtendService
from recordings.service.start_stop import RecordingService
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock, a_delivery, at, over, up, with_card

_REQUESTS = itertools.count()


class Desk:
    """The command and the button on an empty store, in #daily of the workspace acme."""

    def __init__(self) -> None:
        self.store = MemoryRecordings(Memory())
        ids = iter(range(1, 1000))
        self.service = RecordingService(
            self.store, check_channel_name, FakeClock(), lambda: f"new{next(ids)}", lambda: None
        )
        self.zone: tzinfo | None = ZoneInfo("Europe/Madrid")
        self.name: Callable[[str, str], str | None] = lambda channel, told: told or None

    def types(self, text: str, **facts: Any) -> str:
        sent = {
            "text": text,
            "team_id": "T1",
            "team_domain": "acme",
            "channel_id": "C1",
            "channel_name": "daily",
            "user_id": "U1",
            "response_url": "https://hooks.example/1",
            "trigger_id": f"trigger-{next(_REQUESTS)}",
        }
        message = RecordCommand(self.service, self.name, Ends(FakeClock(), lambda user: self.zone)).answer(sent | facts)
        assert message.text
        return message.text

    def presses(self, value: str, *, channel: str = "C1", in_a_list: bool = False) -> str | None:
        body = {
            "team": {"id": "T1", "domain": "acme"},
            "channel": {"id": channel},
            "user": {"id": "U2"},
            "container": {"type": "message", "is_ephemeral": in_a_list},
            "actions": [{"action_id": "stop_recording", "value": value}],
        }
        message = StopButton(self.service).answer(body)
        return None if message is None else message.text

    def presses_extend(self, message_ts: str, *, trigger: str | None = None) -> str | None:
        body = {
            "team": {"id": "T1", "domain": "acme"},
            "channel": {"id": "C1"},
            "user": {"id": "U2"},
            "container": {"type": "message", "message_ts": message_ts},
            "actions": [{"action_id": "extend_recording", "value": "rec1"}],
            "trigger_id": trigger or f"trigger-{next(_REQUESTS)}",
        }
        service = ExtendService(self.store, Policy(), FakeClock(), lambda: None)
        message = ExtendButton(service).answer(body)
        return None if message is None else message.text

    def has(self, *recordings: Recording) -> None:
        for recording in recordings:
            assert self.store.add_recording(recording, None) is None

    def row(self, recording_id: str = "rec1") -> Recording:
        found = self.store.recording(recording_id)
        assert found is not None
        return found


@pytest.fixture
def desk() -> Desk:
    return Desk()


# start


def test_start_says_that_the_card_shows_how_it_goes(desk: Desk) -> None:
    said = desk.types("start weekly")

    assert "`weekly`" in said
    assert "card" in said
    assert [r.agora_channel for r in desk.store.active()] == ["weekly"]


def test_start_without_a_name_takes_that_of_the_slack_channel(desk: Desk) -> None:
    desk.types("start")

    assert [(r.agora_channel, r.slack_channel, r.started_by) for r in desk.store.active()] == [("daily", "C1", "U1")]


def test_where_the_slack_channels_name_is_not_known_start_asks_for_one(desk: Desk) -> None:
    desk.name = lambda channel, told: None

    assert "/record start daily" in desk.types("start", channel_name="privategroup")
    assert desk.store.active() == []


@pytest.mark.parametrize("name", ["b\u00fcro", "besprechung-\u2603", "x" * 80])
def test_a_slack_channel_whose_name_no_agora_channel_can_have_asks_for_one(desk: Desk, name: str) -> None:
    assert "/record start daily" in desk.types("start", channel_name=name)
    assert desk.store.active() == []


@pytest.mark.parametrize(
    "name",
    ["b\u00fcro", "a/b", "\U0001f3a5", "x" * 65, "d\x00aily", "a'b", "\u202edaily", ".", "..", "a`b", "50\u20ac"],
)
def test_a_name_that_no_agora_channel_can_have_is_refused_with_the_rule(desk: Desk, name: str) -> None:
    said = desk.types(f"start {name}")

    assert "name" in said
    assert "Type, for example, `/record start daily`" in said
    assert desk.store.active() == []


def test_what_is_recorded_here_already_links_to_its_card(desk: Desk) -> None:
    desk.has(up(card_ts="1750160520.000100"))

    said = desk.types("start daily")

    assert "already being recorded here" in said
    assert "<https://acme.slack.com/archives/C1/p1750160520000100|see its card>" in said


def test_what_is_recorded_here_already_but_has_no_card_yet_says_so(desk: Desk) -> None:
    desk.types("start daily")

    assert "its card comes in a moment" in desk.types("start daily")


def test_what_another_channel_records_is_no_more_than_that(desk: Desk) -> None:
    desk.has(up(slack_channel="C2", started_by="U9"))

    assert desk.types("start daily") == "`daily` is already recorded from another channel."


def test_a_start_for_a_while_says_when_it_ends(desk: Desk) -> None:
    said = desk.types("start weekly for 45m")

    assert f"stopped at {date_and_time(at(2700))} at the latest" in said
    assert [(r.agora_channel, r.intent.ends_at) for r in desk.store.active()] == [("weekly", at(2700))]


def test_a_start_for_a_while_without_a_name_takes_that_of_the_slack_channel(desk: Desk) -> None:
    desk.types("start for 2h")

    assert [(r.agora_channel, r.intent.ends_at) for r in desk.store.active()] == [("daily", at(7200))]


def test_a_start_until_a_time_means_the_persons_own_clock(desk: Desk) -> None:
    """It is 11:42 in UTC, and 13:42 in Madrid."""
    desk.types("start weekly until 14:00")

    assert [r.intent.ends_at for r in desk.store.active()] == [at(18 * 60)]


def test_where_slack_does_not_tell_the_time_zone_another_way_is_proposed(desk: Desk) -> None:
    desk.zone = None

    said = desk.types("start weekly until 14:00")

    assert "time zone" in said
    assert "`/record start daily for 45m`" in said
    assert desk.store.active() == []


def test_what_is_recorded_here_already_keeps_its_end(desk: Desk) -> None:
    desk.has(up())

    assert "Its end stays as it was" in desk.types("start daily for 45m")
    assert "Its end stays as it was" not in desk.types("start daily")
    assert desk.row().intent.ends_at is None


def test_a_start_with_options_says_what_is_not_as_usual(desk: Desk) -> None:
    assert "Asking Agora to record `weekly`, sound only." in desk.types("start weekly for 45m audio")
    assert "Asking Agora to record `daily`, 1080p, floating layout." in desk.types("start floating 1080p")
    assert [(r.options.media, r.options.lasts) for r in desk.store.active()] == [("audio", 2700), ("video", None)]


def test_what_is_recorded_here_already_goes_on_as_it_was_begun(desk: Desk) -> None:
    desk.has(up())

    assert "It is recorded as it was begun" in desk.types("start daily audio")
    assert desk.row().options == Options()


def test_a_contradiction_starts_nothing(desk: Desk) -> None:
    said = desk.types("start daily audio grid")

    assert "Sound only has no picture, so it can't be grid." in said
    assert "`/record start daily for 45m audio`" in said
    assert desk.store.active() == []


# stop


def test_stop_says_that_it_is_being_stopped(desk: Desk) -> None:
    desk.has(up())

    assert "Stopping `daily`" in desk.types("stop")
    assert desk.row().intent.stop_by == "U1"


def test_a_second_stop_says_who_asked_before(desk: Desk) -> None:
    desk.has(up(stop_at=at(1), stop_by="U2"))

    said = desk.types("stop")
    assert "stopped already" in said
    assert "<@U2>" in said


def test_stop_with_several_running_lists_them(desk: Desk) -> None:
    desk.has(up(), up(id="rec2", agora_channel="team call", requested_at=at(1)))

    said = desk.types("stop")

    assert "daily" in said
    assert '"team call"' in said
    assert [r.intent.stop_at for r in desk.store.active()] == [None, None]


def test_stopping_what_is_over_shows_how_it_ended(desk: Desk) -> None:
    desk.has(over(reason=Reason.IDLE, stop_by=None))

    assert "nobody was left in the call" in desk.types("stop daily")


def test_stopping_what_is_over_does_not_hide_what_is_still_running(desk: Desk) -> None:
    desk.has(over(), up(id="rec2", agora_channel="weekly"))

    assert "Nothing is being recorded" not in desk.types("stop daily")


@pytest.mark.parametrize("text", ["stop", "stop weekly", "status", "status weekly"])
def test_where_nothing_ever_was_that_is_said(desk: Desk, text: str) -> None:
    said = desk.types(text)

    assert "Nothing has been recorded from this channel yet" in said or "`weekly` is not being recorded" in said


def test_what_another_channel_records_cannot_be_stopped_from_here(desk: Desk) -> None:
    desk.has(up(slack_channel="C2"))

    assert "not being recorded from this channel" in desk.types("stop daily")
    assert desk.row().intent.stop_at is None


# status


def test_status_shows_each_running_recording_with_its_card(desk: Desk) -> None:
    desk.has(up(), with_card(id="rec2", agora_channel="weekly", requested_at=at(1), started_by="U7"))

    daily, weekly = desk.types("status").split("\n")

    assert "`daily`: recording, since" in daily
    assert "`weekly`: starting" in weekly
    assert "<@U7>" in weekly
    assert daily.endswith("|see its card>)")


def test_status_says_until_when_it_records_and_how(desk: Desk) -> None:
    desk.has(up(), with_card(id="rec2", agora_channel="weekly", requested_at=at(1), ends_at=at(2700)))
    desk.has(up(id="rec3", agora_channel="talk", requested_at=at(2), options=Options(media=Media.AUDIO)))

    daily, weekly, talk = desk.types("status").split("\n")

    assert f"until {date_and_time(at(10 + 14_400))} at the latest" in daily
    assert f"until {date_and_time(at(2700))} at the latest" in weekly
    assert ", sound only, " in talk


def test_status_of_one_that_is_stopped_or_over_says_no_end(desk: Desk) -> None:
    desk.has(up(stop_at=at(50), stop_by="U7"))

    assert "at the latest" not in desk.types("status")


def test_status_with_nothing_running_shows_the_last_that_was(desk: Desk) -> None:
    desk.has(over())

    said = desk.types("status")
    assert "Nothing is being recorded here just now" in said
    assert "stopped by <@U2>" in said


def test_the_status_of_one_that_is_over_does_not_hide_what_is_still_running(desk: Desk) -> None:
    desk.has(over(), up(id="rec2", agora_channel="weekly"))

    said = desk.types("status daily")

    assert "stopped by <@U2>" in said
    assert "Nothing is being recorded here" not in said


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.CRASHED, Reason.OVERLOADED, Reason.UNDELIVERABLE])
def test_the_status_of_a_failure_says_why(desk: Desk, reason: Reason) -> None:
    desk.has(over(state=State.FAILED, reason=reason))

    assert "failed: " in desk.types("status")


# help, and what nobody understands


@pytest.mark.parametrize("text", ["help", "", "HELP", "  "])
def test_help_names_every_command(desk: Desk, text: str) -> None:
    said = desk.types(text)

    assert all(f"/record {verb}" in said for verb in ("start", "status", "stop", "list", "help"))


def test_a_mistyped_command_brings_the_nearest(desk: Desk) -> None:
    assert "Did you mean `/record start`?" in desk.types("strat daily")
    assert desk.store.active() == []


def test_an_unknown_word_is_shown_escaped_and_cut(desk: Desk) -> None:
    assert "&lt;!channel&gt;" in desk.types("&lt;!channel&gt;")
    assert len(desk.types("x" * 9000)) < 300


def test_a_mention_is_refused_with_a_hint(desk: Desk) -> None:
    assert "mention" in desk.types("start <@U012AB3CD|ana>")
    assert desk.store.active() == []


def test_a_database_that_is_away_is_not_hidden(desk: Desk) -> None:
    class Away(MemoryRecordings):
        def active_in(self, slack_channel: str) -> list[Recording]:
            raise StorageUnavailable("locked")

    desk.service = RecordingService(Away(Memory()), check_channel_name, FakeClock(), lambda: "x", lambda: None)

    with pytest.raises(StorageUnavailable):
        desk.types("status")


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (a_delivery(812_000_000), "1 MP4 file, 1 h 05 min, 812 MB"),
        (Delivery(state=DeliveryState.MISSING), "its files are missing"),
        (Delivery(state=DeliveryState.UNVERIFIED), "not verified"),
    ],
)
def test_the_status_of_one_that_is_over_says_how_its_files_stand(desk: Desk, delivery: Delivery, words: str) -> None:
    desk.has(over(delivery=delivery))

    assert f", {words} (" in desk.types("status")


def test_what_is_uploading_is_over_for_whoever_stops_it(desk: Desk) -> None:
    desk.has(up(state=State.UPLOADING, files_awaited=True, ended_at=at(60)))

    said = desk.types("stop")
    assert "is over" in said
    assert "files are being uploaded" in said


# the button


def test_after_a_press_on_its_card_the_card_tells_and_nothing_else(desk: Desk) -> None:
    desk.has(up())

    assert desk.presses("rec1") is None
    assert desk.row().intent.stop_by == "U2"


def test_after_a_press_in_a_list_the_list_is_answered(desk: Desk) -> None:
    desk.has(up())

    assert "Stopping `daily`" in str(desk.presses("rec1", in_a_list=True))


def test_a_second_press_says_who_asked_before(desk: Desk) -> None:
    desk.has(up(stop_at=at(1), stop_by="U7"))

    assert "<@U7>" in str(desk.presses("rec1"))


def test_a_press_on_an_old_card_shows_how_it_ended(desk: Desk) -> None:
    desk.has(over(reason=Reason.TIME_LIMIT, stop_by=None))

    assert "its time was up" in str(desk.presses("rec1"))


# the button that puts the end off


def test_a_press_on_extend_puts_the_end_off_and_the_card_tells(desk: Desk) -> None:
    desk.has(up(card_ts="1.1"))

    assert desk.presses_extend("1.1") is None
    assert (desk.row().intent.ends_at, desk.row().intent.extended_by) == (at(10 + 14_400 + 1_800), "U2")


def test_a_press_on_the_warning_says_until_when_it_goes_on_now(desk: Desk) -> None:
    desk.has(up(card_ts="1.1"))

    said = str(desk.presses_extend("1.2"))

    assert date_and_time(at(10 + 14_400 + 1_800)) in said


def test_close_to_the_longest_the_reply_says_why_it_is_less_than_half_an_hour(desk: Desk) -> None:
    desk.has(up(card_ts="1.1", ends_at=at(10 + 82_000)))

    cut, none = str(desk.presses_extend("1.1")), str(desk.presses_extend("1.1"))

    for said in (cut, none):
        assert date_and_time(at(10 + 82_800)) in said
        assert "takes 23 h at most: a recorder lives on a token, and no token outlives 24 h" in said
    assert "can't be extended any further" in none
    assert desk.row().intent.ends_at == at(10 + 82_800)


def test_the_same_press_delivered_twice_counts_once_and_says_nothing(desk: Desk) -> None:
    desk.has(up(card_ts="1.1"))

    assert [desk.presses_extend("1.2", trigger="same") for _ in range(2)][1] is None
    assert desk.row().intent.ends_at == at(10 + 14_400 + 1_800)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (over(), "is over"),
        (up(state=State.UPLOADING, ended_at=at(60)), "is over"),
        (up(stop_at=at(50), stop_by="U7"), "being stopped already, as <@U7> asked"),
        (up(state=State.STOPPING, stop_reason=Reason.TIME_LIMIT), "Stopping `daily`"),
    ],
)
def test_a_press_on_extend_too_late_says_how_it_stands(desk: Desk, row: Recording, words: str) -> None:
    desk.has(row)

    assert words in str(desk.presses_extend("1.1"))
    assert desk.row() == row


def test_a_press_on_extend_in_another_channel_changes_nothing(desk: Desk) -> None:
    desk.has(up(slack_channel="C2"))

    assert "I don't know that recording" in str(desk.presses_extend("1.1"))
    assert desk.row().intent.ends_at is None


@pytest.mark.parametrize(("value", "channel"), [("rec1", "C2"), ("nobody", "C1"), ("", "C1")])
def test_a_press_on_something_unknown_stops_nothing(desk: Desk, value: str, channel: str) -> None:
    desk.has(up())

    assert "/record status" in str(desk.presses(value, channel=channel))
    assert desk.row().intent.stop_at is None
