"""The form that `/record` opens: what it proposes, what stands at its fields, and what it starts."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.slack import Interaction, View
from tests.system.conftest import Stack, payload, words
from tests.system.transports import BOTH_TRANSPORTS, SlackTransport

REFUSED = "Only full members of this workspace may start or stop recordings here"


def opened(stack: Stack, *, by: str = "ana", channel: str = "daily") -> View:
    """The form, once it is open."""
    person = stack.slack.person(by)
    before = person.modal

    def another() -> View | None:
        return None if person.modal is before else person.modal

    asked = stack.command("", by=by, channel=channel)
    assert asked.acknowledged
    view = stack.slack.wait_for(another, what="an open form")
    assert view is not None
    assert asked.answers == []
    return view


def sent(stack: Stack, view: View, by: str = "ana", **values: Any) -> Interaction:
    return stack.slack.person(by).submit(view, values)


def holds(view: View, field: str) -> Any:
    """What stands in a field that nobody touched."""
    element = view.elements[field]
    chosen = element.get("initial_option")
    return chosen["value"] if chosen else element.get("initial_value")


def told(stack: Stack, asked: Interaction) -> str:
    """What the person read in answer to the command."""
    stack.slack.wait_for(lambda: asked.answers, what="words for the person")
    return words(asked)


def start_request(stack: Stack, channel: str) -> dict[str, Any]:
    """What Agora was asked for."""
    (recorder,) = stack.wait_agora(lambda sim: sim.running(channel))
    return dict(recorder.request)


def audit_events(stack: Stack) -> list[tuple[str, str]]:
    return [(row["what"], row["source"]) for row in stack.bot.rows("SELECT what, source FROM acts ORDER BY id")]


def nothing_started(stack: Stack) -> None:
    assert stack.bot.rows("SELECT id FROM recordings") == []
    assert stack.agora.requests("acquire") == []


# What it proposes


@BOTH_TRANSPORTS
def test_it_opens_with_the_slack_channels_name_and_the_usual_options(transport: SlackTransport) -> None:
    stack = transport.open()
    view = opened(stack)
    assert {name: holds(view, name) for name in ("channel", "length", "media", "layout", "resolution")} == {
        "channel": "daily",
        "length": None,
        "media": "video",
        "layout": "grid",
        "resolution": "720p",
    }
    assert "recent" not in view.elements
    assert len(view.private_metadata) < 3000


@BOTH_TRANSPORTS
def test_every_field_is_heeded_and_the_card_shows_what_is_not_as_usual(transport: SlackTransport) -> None:
    stack = transport.open()
    stack.agora.join("weekly", 1000)
    asked_at = datetime.now(UTC)
    view = opened(stack)
    sent(stack, view, channel="weekly", length="1h30m", layout="floating", resolution="1080p")
    assert not view.open

    card = stack.wait_card("recording")
    config = start_request(stack, "weekly")["recordingConfig"]
    assert (config["streamTypes"], config["transcodingConfig"]) == (
        2,
        {"width": 1920, "height": 1080, "fps": 15, "bitrate": 2080, "mixedVideoLayout": 0},
    )
    assert "1080p" in card.said
    assert "Layout: floating" in card.said
    assert payload(card)["started_by"] == stack.slack.person("ana").id
    (row,) = stack.bot.rows("SELECT ends_at FROM recordings")
    end = row["ends_at"] if isinstance(row["ends_at"], datetime) else datetime.fromisoformat(row["ends_at"])
    lasts = end.replace(tzinfo=end.tzinfo or UTC) - asked_at
    assert timedelta(minutes=90) <= lasts < timedelta(minutes=91)
    assert audit_events(stack) == [("started", "form")]


@BOTH_TRANSPORTS
def test_sound_only_has_no_picture(transport: SlackTransport) -> None:
    stack = transport.open()
    stack.agora.join("daily", 1000)
    sent(stack, opened(stack), media="audio")
    card = stack.wait_red()
    request = start_request(stack, "daily")
    assert request["recordingConfig"]["streamTypes"] == 0
    assert "transcodingConfig" not in request["recordingConfig"]
    assert request["recordingFileConfig"] == {"avFileType": ["hls", "mp4"]}
    assert "Sound only" in card.said
    assert "change_layout" not in card.elements
    assert "sound only" in words(stack.command("status"))


def test_what_was_asked_for_last_is_remembered_for_this_slack_channel_alone(stack: Stack) -> None:
    stack.start()
    stack.room("other")
    stack.agora.join("one", 1000)
    stack.agora.join("two", 1000)
    sent(stack, opened(stack), channel="one", length="45m", layout="floating", resolution="480p")
    stack.wait_card("recording", agora="one")
    stack.command("start two for 2h audio", by="ben")
    stack.wait_card("recording", agora="two")

    view = opened(stack, by="ben")
    assert holds(view, "channel") == "two"
    assert (holds(view, "length"), holds(view, "media")) == ("2h", "audio")
    assert (holds(view, "layout"), holds(view, "resolution")) == ("grid", "720p")
    assert [option["value"] for option in view.elements["recent"]["options"]] == ["two", "one"]
    elsewhere = opened(stack, channel="other")
    assert (holds(elsewhere, "channel"), holds(elsewhere, "media")) == ("other", "video")
    assert "recent" not in elsewhere.elements


def test_a_recent_channel_wins_over_the_name_above(stack: Stack) -> None:
    stack.start()
    stack.recording("weekly")
    stack.command("stop")
    stack.wait_card("ended")
    view = opened(stack)
    assert "whatever stands above" in view.blocks[1]["hint"]["text"]
    sent(stack, view, channel="daily", recent="weekly")
    stack.wait_card("recording", agora="weekly")
    assert len(stack.cards(agora="weekly")) == 2
    assert stack.cards(agora="daily") == []


def test_words_without_options_take_the_usual_ones_whatever_was_asked_for_before(stack: Stack) -> None:
    stack.start()
    stack.agora.join("one", 1000)
    stack.agora.join("two", 1000)
    sent(stack, opened(stack), channel="one", media="audio")
    stack.wait_card("recording", agora="one")
    stack.command("start two")
    stack.wait_card("recording", agora="two")
    assert start_request(stack, "two")["recordingConfig"]["streamTypes"] == 2


# What is wrong, at its field


WRONG: dict[str, tuple[dict[str, str], str, str]] = {
    "no name": ({"channel": ""}, "channel", "Which Agora channel"),
    "a name that can't be": ({"channel": "b\u00fcro"}, "channel", "can't be in the name"),
    "a name that is too long": ({"channel": "x" * 65}, "channel", "64 characters"),
    "no time": ({"length": "soon"}, "length", "I don't understand for how long"),
    "too long": ({"length": "24h"}, "length", "no token outlives 24 h"),
    "too short": ({"length": "0m"}, "length", "at least a minute"),
    "no such time": ({"length": "until 25:00"}, "length", "no such time of day"),
    "a layout of sound": ({"media": "audio", "layout": "speaker"}, "layout", "no picture"),
    "a resolution of sound": ({"media": "audio", "resolution": "1080p"}, "resolution", "no picture"),
}


@BOTH_TRANSPORTS
def test_what_is_wrong_is_told_at_its_field_and_can_be_mended(transport: SlackTransport) -> None:
    stack = transport.open(ALLOWED_AGORA_CHANNELS="daily,b\u00fcro,x*,weekly")
    stack.recording("weekly")
    stack.command("stop")
    stack.wait_card("ended")
    view = opened(stack)
    usual = {"channel": "daily", "length": "", "media": "video", "layout": "grid", "resolution": "720p"}
    cases = {**WRONG, "not allowed": ({"channel": "secret"}, "channel", "secret is not one of the Agora channels")}
    for values, field, said in cases.values():
        told_at = sent(stack, view, **(usual | values)).errors
        assert list(told_at) == [field]
        assert said in told_at[field]
        assert view.open
    both = sent(stack, view, **(usual | {"channel": "secret", "length": "ever"})).errors
    assert sorted(both) == ["channel", "length"]
    assert len(stack.bot.rows("SELECT id FROM recordings")) == 1

    sent(stack, view, **usual)
    stack.wait_card("recording", agora="daily")


def test_a_time_that_has_passed_is_told_at_its_field(stack: Stack) -> None:
    stack.start()
    view = opened(stack)
    passed = datetime.now(ZoneInfo("Europe/Madrid")) - timedelta(minutes=1)
    errors = sent(stack, view, length=f"until {passed:%H:%M}").errors
    assert list(errors) == ["length"]
    assert "has passed today" in errors["length"] or "23 h at most" in errors["length"], "right after midnight"
    nothing_started(stack)


def test_the_hint_says_how_long_it_can_take_and_why(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="7200")
    view = opened(stack)
    hint = next(block["hint"]["text"] for block in view.blocks if block["block_id"] == "length")
    assert "Empty: 2 h." in hint
    assert "23 h at most: a recorder lives on a token, and no token outlives 24 h" in hint


def test_without_tokens_the_hint_speaks_of_none(stack: Stack) -> None:
    stack.start(AGORA_APP_CERTIFICATE="")
    hint = next(block["hint"]["text"] for block in opened(stack).blocks if block["block_id"] == "length")
    assert "23 h at most" in hint
    assert "token" not in hint


@BOTH_TRANSPORTS
def test_what_is_recorded_already_is_told_at_the_channel(transport: SlackTransport) -> None:
    stack = transport.open()
    stack.room("other")
    stack.recording("daily")
    here = sent(stack, opened(stack)).errors
    assert "recorded here already" in here["channel"]
    elsewhere = sent(stack, opened(stack, channel="other"), channel="daily").errors
    assert elsewhere == {"channel": "daily is already recorded from another channel."}
    assert len(stack.bot.rows("SELECT id FROM recordings")) == 1


# Twice, two people, too late, not allowed


@BOTH_TRANSPORTS
def test_the_same_form_sent_twice_starts_one_recording(transport: SlackTransport) -> None:
    stack = transport.open()
    stack.agora.join("daily", 1000)
    first = sent(stack, opened(stack))
    stack.wait_card("recording")
    again = first.repeat()
    assert again.acknowledged
    assert not again.response
    assert len(stack.cards()) == 1
    stack.command("stop")
    stack.wait_card("ended")
    first.repeat()
    words(stack.command("status"))
    assert len(stack.bot.rows("SELECT id FROM recordings")) == 1
    assert audit_events(stack) == [("started", "form"), ("stopped", "command")]


def test_two_people_at_once_start_one_recording_and_the_second_is_told(stack: Stack) -> None:
    stack.start()
    forms = {who: opened(stack, by=who) for who in ("ana", "ben")}
    both = [stack.slack.person(who).submit(view, wait=False) for who, view in forms.items()]
    for each in both:
        each.wait()
    stack.wait_card("recording")
    errors = [each.errors for each in both]
    assert sorted(map(bool, errors)) == [False, True]
    assert "recorded here already" in next(each["channel"] for each in errors if each)
    assert len(stack.cards()) == 1


@BOTH_TRANSPORTS
def test_a_form_that_opens_too_late_is_told_with_the_words_for_the_same(transport: SlackTransport) -> None:
    stack = transport.open()
    slow = stack.slack.faults.add("views.open", delay=3.2, times=1)
    late = told(stack, stack.command(""))
    assert "did not answer in time" in late
    assert "/record start daily for 45m audio" in late
    stack.slack.wait_for(lambda: slow.hits == 1, what="the slow answer")
    for error, said in {
        "expired_trigger_id": "too late",
        "exchanged_trigger_id": "opened the form before",
        "internal_error": "did not let me open",
        "request_timeout": "did not let me open",
    }.items():
        stack.slack.faults.add("views.open", error=error, times=1)
        read = told(stack, stack.command(""))
        assert said in read
        assert "/record start daily for 45m audio" in read
    stack.slack.faults.add("views.open", retry_after=30, times=1)
    assert "did not let me open" in told(stack, stack.command(""))
    nothing_started(stack)


@BOTH_TRANSPORTS
def test_guests_read_who_may_and_no_form_opens(transport: SlackTransport) -> None:
    stack = transport.open()
    assert REFUSED in told(stack, stack.command("", by="gus", channel="general"))
    assert stack.slack.person("gus").modal is None
    assert not stack.slack.calls_of("views.open")


def test_whoever_becomes_a_guest_meanwhile_reads_so_in_the_form(stack: Stack) -> None:
    stack.start()
    view = opened(stack)
    shape = sent(stack, view, length="ever").payload
    foreign = {**shape, "user": {**shape["user"], "id": "UEVE", "team_id": "T0OTHER"}, "trigger_id": "1.2.3"}
    answer = stack.slack.send_envelope("interactive", foreign).response
    assert answer["response_action"] == "errors"
    assert REFUSED in answer["errors"]["channel"]
    nothing_started(stack)


def test_a_form_that_is_closed_starts_nothing(stack: Stack) -> None:
    stack.start()
    stack.slack.person("ana").close(opened(stack))
    words(stack.command("status"))
    nothing_started(stack)


# What fails after it was sent


@pytest.mark.usefixtures("on_sqlite")
@BOTH_TRANSPORTS
def test_while_the_database_is_locked_the_form_says_so_and_keeps_what_was_filled_in(transport: SlackTransport) -> None:
    stack = transport.open()
    view = opened(stack)
    with sqlite3.connect(stack.bot.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        failed = sent(stack, view, channel="weekly", length="45m")
        other.execute("ROLLBACK")
    assert "can't write anything down" in failed.errors["channel"]
    assert "Reference" in failed.errors["channel"]
    assert view.open
    sent(stack, view)
    stack.wait_card("starting" if not stack.agora.running() else "recording", agora="weekly")
    assert not view.open


def test_a_channel_that_is_archived_meanwhile_starts_nothing_and_the_person_is_told(stack: Stack) -> None:
    stack.start()
    view = opened(stack)
    stack.slack.archive("daily")
    sent(stack, view)
    stack.slack.wait_for(
        lambda: [
            message
            for message in [
                *stack.slack.person("ana").ephemerals("daily"),
                *stack.slack.person("ana").direct.messages,
            ]
            if "archived" in message.said
        ],
        what="the reason for ana",
    )
    stack.wait_state("failed")
    assert stack.agora.requests("acquire") == []


def test_where_the_bot_is_not_invited_the_person_reads_how_to_invite_it(stack: Stack) -> None:
    stack.start()
    stack.slack.add_channel("hidden", [stack.slack.person("ana")], private=True, bot=False)
    view = opened(stack, channel="hidden")
    sent(stack, view, channel="secret")
    stack.slack.wait_for(
        lambda: [each for each in stack.slack.person("ana").ephemerals("hidden") if "/invite" in each.said],
        what="how to invite the bot",
    )
