"""The form that `/record` opens: what it proposes, what stands at its fields, and what it starts."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.slack import Interaction, View
from tests.system.conftest import Office, payload, words
from tests.system.doors import BOTH_DOORS, Door, door

__all__ = ["door"]

REFUSED = "Only full members of this workspace may start or stop recordings here"


def opened(office: Office, *, by: str = "ana", channel: str = "daily") -> View:
    """The form, once it is open."""
    person = office.slack.person(by)
    before = person.modal

    def another() -> View | None:
        return None if person.modal is before else person.modal

    asked = office.command("", by=by, channel=channel)
    assert asked.acknowledged
    view = office.slack.wait_for(another, what="an open form")
    assert view is not None
    assert asked.answers == []
    return view


def sent(office: Office, view: View, by: str = "ana", **values: Any) -> Interaction:
    return office.slack.person(by).submit(view, values)


def holds(view: View, field: str) -> Any:
    """What stands in a field that nobody touched."""
    element = view.elements[field]
    chosen = element.get("initial_option")
    return chosen["value"] if chosen else element.get("initial_value")


def told(office: Office, asked: Interaction) -> str:
    """What the person read in answer to the command."""
    office.slack.wait_for(lambda: asked.answers, what="words for the person")
    return words(asked)


def start_request(office: Office, channel: str) -> dict[str, Any]:
    """What Agora was asked for."""
    (recorder,) = office.wait_agora(lambda sim: sim.running(channel))
    return dict(recorder.request)


def audit_events(office: Office) -> list[tuple[str, str]]:
    return [(row["what"], row["source"]) for row in office.bot.rows("SELECT what, source FROM acts ORDER BY id")]


def nothing_started(office: Office) -> None:
    assert office.bot.rows("SELECT id FROM recordings") == []
    assert office.agora.requests("acquire") == []


# What it proposes


@BOTH_DOORS
def test_it_opens_with_the_slack_channels_name_and_the_usual_options(door: Door) -> None:
    office = door.open()
    view = opened(office)
    assert {name: holds(view, name) for name in ("channel", "length", "media", "layout", "resolution")} == {
        "channel": "daily",
        "length": None,
        "media": "video",
        "layout": "grid",
        "resolution": "720p",
    }
    assert "recent" not in view.elements
    assert len(view.private_metadata) < 3000


@BOTH_DOORS
def test_every_field_is_heeded_and_the_card_shows_what_is_not_as_usual(door: Door) -> None:
    office = door.open()
    office.agora.join("weekly", 1000)
    asked_at = datetime.now(UTC)
    view = opened(office)
    sent(office, view, channel="weekly", length="1h30m", layout="floating", resolution="1080p")
    assert not view.open

    card = office.wait_card("recording")
    config = start_request(office, "weekly")["recordingConfig"]
    assert (config["streamTypes"], config["transcodingConfig"]) == (
        2,
        {"width": 1920, "height": 1080, "fps": 15, "bitrate": 2080, "mixedVideoLayout": 0},
    )
    assert "1080p" in card.said
    assert "Layout: floating" in card.said
    assert payload(card)["started_by"] == office.slack.person("ana").id
    (row,) = office.bot.rows("SELECT ends_at FROM recordings")
    end = row["ends_at"] if isinstance(row["ends_at"], datetime) else datetime.fromisoformat(row["ends_at"])
    lasts = end.replace(tzinfo=end.tzinfo or UTC) - asked_at
    assert timedelta(minutes=90) <= lasts < timedelta(minutes=91)
    assert audit_events(office) == [("started", "form")]


@BOTH_DOORS
def test_sound_only_has_no_picture(door: Door) -> None:
    office = door.open()
    office.agora.join("daily", 1000)
    sent(office, opened(office), media="audio")
    card = office.wait_red()
    request = start_request(office, "daily")
    assert request["recordingConfig"]["streamTypes"] == 0
    assert "transcodingConfig" not in request["recordingConfig"]
    assert request["recordingFileConfig"] == {"avFileType": ["hls", "mp4"]}
    assert "Sound only" in card.said
    assert "change_layout" not in card.elements
    assert "sound only" in words(office.command("status"))


def test_what_was_asked_for_last_is_remembered_for_this_slack_channel_alone(office: Office) -> None:
    office.start()
    office.room("other")
    office.agora.join("one", 1000)
    office.agora.join("two", 1000)
    sent(office, opened(office), channel="one", length="45m", layout="floating", resolution="480p")
    office.wait_card("recording", agora="one")
    office.command("start two for 2h audio", by="ben")
    office.wait_card("recording", agora="two")

    view = opened(office, by="ben")
    assert holds(view, "channel") == "two"
    assert (holds(view, "length"), holds(view, "media")) == ("2h", "audio")
    assert (holds(view, "layout"), holds(view, "resolution")) == ("grid", "720p")
    assert [option["value"] for option in view.elements["recent"]["options"]] == ["two", "one"]
    elsewhere = opened(office, channel="other")
    assert (holds(elsewhere, "channel"), holds(elsewhere, "media")) == ("other", "video")
    assert "recent" not in elsewhere.elements


def test_a_recent_channel_wins_over_the_name_above(office: Office) -> None:
    office.start()
    office.recording("weekly")
    office.command("stop")
    office.wait_card("ended")
    view = opened(office)
    assert "whatever stands above" in view.blocks[1]["hint"]["text"]
    sent(office, view, channel="daily", recent="weekly")
    office.wait_card("recording", agora="weekly")
    assert len(office.cards(agora="weekly")) == 2
    assert office.cards(agora="daily") == []


def test_words_without_options_take_the_usual_ones_whatever_was_asked_for_before(office: Office) -> None:
    office.start()
    office.agora.join("one", 1000)
    office.agora.join("two", 1000)
    sent(office, opened(office), channel="one", media="audio")
    office.wait_card("recording", agora="one")
    office.command("start two")
    office.wait_card("recording", agora="two")
    assert start_request(office, "two")["recordingConfig"]["streamTypes"] == 2


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


@BOTH_DOORS
def test_what_is_wrong_is_told_at_its_field_and_can_be_mended(door: Door) -> None:
    office = door.open(ALLOWED_AGORA_CHANNELS="daily,b\u00fcro,x*,weekly")
    office.recording("weekly")
    office.command("stop")
    office.wait_card("ended")
    view = opened(office)
    usual = {"channel": "daily", "length": "", "media": "video", "layout": "grid", "resolution": "720p"}
    cases = {**WRONG, "not allowed": ({"channel": "secret"}, "channel", "secret is not one of the Agora channels")}
    for values, field, said in cases.values():
        told_at = sent(office, view, **(usual | values)).errors
        assert list(told_at) == [field]
        assert said in told_at[field]
        assert view.open
    both = sent(office, view, **(usual | {"channel": "secret", "length": "ever"})).errors
    assert sorted(both) == ["channel", "length"]
    assert len(office.bot.rows("SELECT id FROM recordings")) == 1

    sent(office, view, **usual)
    office.wait_card("recording", agora="daily")


def test_a_time_that_has_passed_is_told_at_its_field(office: Office) -> None:
    office.start()
    view = opened(office)
    passed = datetime.now(ZoneInfo("Europe/Madrid")) - timedelta(minutes=1)
    errors = sent(office, view, length=f"until {passed:%H:%M}").errors
    assert list(errors) == ["length"]
    assert "has passed today" in errors["length"] or "23 h at most" in errors["length"], "right after midnight"
    nothing_started(office)


def test_the_hint_says_how_long_it_can_take_and_why(office: Office) -> None:
    office.start(MAX_DURATION_SECONDS="7200")
    view = opened(office)
    hint = next(block["hint"]["text"] for block in view.blocks if block["block_id"] == "length")
    assert "Empty: 2 h." in hint
    assert "23 h at most: a recorder lives on a token, and no token outlives 24 h" in hint


def test_without_tokens_the_hint_speaks_of_none(office: Office) -> None:
    office.start(AGORA_APP_CERTIFICATE="")
    hint = next(block["hint"]["text"] for block in opened(office).blocks if block["block_id"] == "length")
    assert "23 h at most" in hint
    assert "token" not in hint


@BOTH_DOORS
def test_what_is_recorded_already_is_told_at_the_channel(door: Door) -> None:
    office = door.open()
    office.room("other")
    office.recording("daily")
    here = sent(office, opened(office)).errors
    assert "recorded here already" in here["channel"]
    elsewhere = sent(office, opened(office, channel="other"), channel="daily").errors
    assert elsewhere == {"channel": "daily is already recorded from another channel."}
    assert len(office.bot.rows("SELECT id FROM recordings")) == 1


# Twice, two people, too late, not allowed


@BOTH_DOORS
def test_the_same_form_sent_twice_starts_one_recording(door: Door) -> None:
    office = door.open()
    office.agora.join("daily", 1000)
    first = sent(office, opened(office))
    office.wait_card("recording")
    again = first.repeat()
    assert again.acknowledged
    assert not again.response
    assert len(office.cards()) == 1
    office.command("stop")
    office.wait_card("ended")
    first.repeat()
    words(office.command("status"))
    assert len(office.bot.rows("SELECT id FROM recordings")) == 1
    assert audit_events(office) == [("started", "form"), ("stopped", "command")]


def test_two_people_at_once_start_one_recording_and_the_second_is_told(office: Office) -> None:
    office.start()
    forms = {who: opened(office, by=who) for who in ("ana", "ben")}
    both = [office.slack.person(who).submit(view, wait=False) for who, view in forms.items()]
    for each in both:
        each.wait()
    office.wait_card("recording")
    errors = [each.errors for each in both]
    assert sorted(map(bool, errors)) == [False, True]
    assert "recorded here already" in next(each["channel"] for each in errors if each)
    assert len(office.cards()) == 1


@BOTH_DOORS
def test_a_form_that_opens_too_late_is_told_with_the_words_for_the_same(door: Door) -> None:
    office = door.open()
    slow = office.slack.faults.add("views.open", delay=3.2, times=1)
    late = told(office, office.command(""))
    assert "did not answer in time" in late
    assert "/record start daily for 45m audio" in late
    office.slack.wait_for(lambda: slow.hits == 1, what="the slow answer")
    for error, said in {
        "expired_trigger_id": "too late",
        "exchanged_trigger_id": "opened the form before",
        "internal_error": "did not let me open",
        "request_timeout": "did not let me open",
    }.items():
        office.slack.faults.add("views.open", error=error, times=1)
        read = told(office, office.command(""))
        assert said in read
        assert "/record start daily for 45m audio" in read
    office.slack.faults.add("views.open", retry_after=30, times=1)
    assert "did not let me open" in told(office, office.command(""))
    nothing_started(office)


@BOTH_DOORS
def test_guests_read_who_may_and_no_form_opens(door: Door) -> None:
    office = door.open()
    assert REFUSED in told(office, office.command("", by="gus", channel="general"))
    assert office.slack.person("gus").modal is None
    assert not office.slack.calls_of("views.open")


def test_whoever_becomes_a_guest_meanwhile_reads_so_in_the_form(office: Office) -> None:
    office.start()
    view = opened(office)
    shape = sent(office, view, length="ever").payload
    foreign = {**shape, "user": {**shape["user"], "id": "UEVE", "team_id": "T0OTHER"}, "trigger_id": "1.2.3"}
    answer = office.slack.send_envelope("interactive", foreign).response
    assert answer["response_action"] == "errors"
    assert REFUSED in answer["errors"]["channel"]
    nothing_started(office)


def test_a_form_that_is_closed_starts_nothing(office: Office) -> None:
    office.start()
    office.slack.person("ana").close(opened(office))
    words(office.command("status"))
    nothing_started(office)


# What fails after it was sent


@pytest.mark.usefixtures("on_sqlite")
@BOTH_DOORS
def test_while_the_database_is_locked_the_form_says_so_and_keeps_what_was_filled_in(door: Door) -> None:
    office = door.open()
    view = opened(office)
    with sqlite3.connect(office.bot.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        failed = sent(office, view, channel="weekly", length="45m")
        other.execute("ROLLBACK")
    assert "can't write anything down" in failed.errors["channel"]
    assert "Reference" in failed.errors["channel"]
    assert view.open
    sent(office, view)
    office.wait_card("starting" if not office.agora.running() else "recording", agora="weekly")
    assert not view.open


def test_a_channel_that_is_archived_meanwhile_starts_nothing_and_the_person_is_told(office: Office) -> None:
    office.start()
    view = opened(office)
    office.slack.archive("daily")
    sent(office, view)
    office.slack.wait_for(
        lambda: [
            message
            for message in [
                *office.slack.person("ana").ephemerals("daily"),
                *office.slack.person("ana").direct.messages,
            ]
            if "archived" in message.said
        ],
        what="the reason for ana",
    )
    office.wait_state("failed")
    assert office.agora.requests("acquire") == []


def test_where_the_bot_is_not_invited_the_person_reads_how_to_invite_it(office: Office) -> None:
    office.start()
    office.slack.add_channel("hidden", [office.slack.person("ana")], private=True, bot=False)
    view = opened(office, channel="hidden")
    sent(office, view, channel="secret")
    office.slack.wait_for(
        lambda: [each for each in office.slack.person("ana").ephemerals("hidden") if "/invite" in each.said],
        what="how to invite the bot",
    )
