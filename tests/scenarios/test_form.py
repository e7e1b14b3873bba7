"""The form that `/record` opens: its initial values, the errors at its fields, and the recording that it starts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.slack import View
from tests.scenarios.stack import Stack, payload, words

REFUSED = "Guests can't start or stop recordings"
USUAL = {"channel": "daily", "length": "", "media": "video", "layout": "grid", "resolution": "720p"}
WRONG: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"channel": ""}, "channel", "Which call"),
    ({"channel": "b\u00fcro"}, "channel", "can't contain"),
    ({"channel": "x" * 65}, "channel", "64 characters"),
    ({"channel": "secret"}, "channel", "secret can't be recorded here"),
    ({"length": "soon"}, "length", "Give the time in minutes or hours. Try 45m, 2h or 1h30m."),
    ({"length": "24h"}, "length", "23 hours at most"),
    ({"length": "0m"}, "length", "at least a minute"),
    ({"length": "until 25:00"}, "length", "no such time of day"),
    ({"media": "audio", "layout": "speaker"}, "layout", "Audio-only recordings have no layout"),
    ({"media": "audio", "resolution": "1080p"}, "resolution", "Audio-only recordings have no resolution"),
)
"""What somebody filled in, the field with the error, and a part of the error."""
NAMES_THAT_ARE_NONE = (
    "#daily",
    "@ana",
    ":smile:",
    "daily for 45m",
    "daily until 15:30",
    "b\u00fcro",
    "x" * 65,
    "`<!here>`",
)
LENGTHS_THAT_ARE_NONE = ("1:30", "45", "for", "until", "\u00bd h", "<!here>", "x" * 3000)


def initial(view: View, field: str) -> Any:
    """The value of a field that nobody has touched."""
    element = view.elements[field]
    option = element.get("initial_option")
    return option["value"] if option else element.get("initial_value")


def hint(view: View, field: str) -> str:
    return str(next(block["hint"]["text"] for block in view.blocks if block["block_id"] == field))


def start_request(stack: Stack, channel: str) -> dict[str, Any]:
    """The body with which the bot started the recorder."""
    (recorder,) = stack.wait_agora(lambda agora: agora.running(channel))
    return dict(recorder.request)


def audit_events(stack: Stack) -> list[tuple[str, str]]:
    return [(audit_event.what, audit_event.source) for audit_event in stack.audit()]


def check_nothing_started(stack: Stack) -> None:
    assert stack.every_row() == []
    assert stack.audit() == []
    assert stack.agora.requests("acquire") == []


# Initial values


def test_the_form_opens_with_the_name_of_the_slack_channel_and_the_default_options(stack: Stack) -> None:
    stack.start()
    view = stack.open_form()
    assert {field: initial(view, field) for field in USUAL} == USUAL | {"length": None}
    assert "recent" not in view.elements
    assert len(view.private_metadata) < 3000, "Slack's limit"


def test_every_field_counts_and_the_card_shows_options_other_than_the_defaults(stack: Stack) -> None:
    stack.start()
    stack.agora.join("weekly", 1000)
    view = stack.open_form()
    submitted_at = stack.now
    stack.submit(view, channel="weekly", length="1h30m", layout="floating", resolution="1080p")
    assert not view.open

    card = stack.wait_card("recording")
    config = start_request(stack, "weekly")["recordingConfig"]
    assert config["streamTypes"] == 2
    assert config["transcodingConfig"] == {
        "width": 1920,
        "height": 1080,
        "fps": 15,
        "bitrate": 2080,
        "mixedVideoLayout": 0,
    }
    assert "1080p" in card.said
    assert payload(card)["started_by"] == stack.slack.person("ana").id
    assert stack.row("weekly").intent.ends_at == submitted_at + timedelta(minutes=90)
    assert audit_events(stack) == [("started", "form")]


def test_a_recording_of_sound_only_has_no_picture_and_no_layout(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.submit(stack.open_form(), media="audio")
    card = stack.wait_red()
    request = start_request(stack, "daily")
    assert request["recordingConfig"]["streamTypes"] == 0
    assert "transcodingConfig" not in request["recordingConfig"]
    assert request["recordingFileConfig"] == {"avFileType": ["hls", "mp4"]}
    assert "Audio only" in card.said
    assert "Change layout" not in card.said
    assert "audio only" in words(stack.command("status"))


def test_the_form_remembers_the_last_recording_of_this_slack_channel_alone(stack: Stack) -> None:
    stack.start()
    stack.room("other")
    stack.agora.join("one", 1000)
    stack.agora.join("two", 1000)
    stack.submit(stack.open_form(), channel="one", length="45m", layout="floating", resolution="480p")
    stack.wait_card("recording", agora="one")
    stack.command("start two for 2h audio", by="ben")
    stack.wait_card("recording", agora="two")

    view = stack.open_form(by="ben")
    assert initial(view, "channel") == "two"
    assert (initial(view, "length"), initial(view, "media")) == ("2h", "audio")
    assert (initial(view, "layout"), initial(view, "resolution")) == ("grid", "720p")
    assert [option["value"] for option in view.elements["recent"]["options"]] == ["two", "one"]
    elsewhere = stack.open_form(channel="other")
    assert (initial(elsewhere, "channel"), initial(elsewhere, "media")) == ("other", "video")
    assert "recent" not in elsewhere.elements


def test_a_recent_channel_takes_precedence_over_the_name_above_it(stack: Stack) -> None:
    stack.start()
    stack.recording("weekly")
    stack.command("stop")
    stack.wait_card("ended")
    view = stack.open_form()
    assert "instead of the name above" in view.blocks[1]["hint"]["text"]
    stack.submit(view, channel="daily", recent="weekly")
    stack.wait_card("recording", agora="weekly")
    assert len(stack.cards(agora="weekly")) == 2
    assert stack.cards(agora="daily") == []


def test_a_command_without_options_uses_the_defaults_and_not_the_last_ones(stack: Stack) -> None:
    stack.start()
    stack.agora.join("one", 1000)
    stack.agora.join("two", 1000)
    stack.submit(stack.open_form(), channel="one", media="audio")
    stack.wait_card("recording", agora="one")
    stack.command("start two")
    stack.wait_card("recording", agora="two")
    assert start_request(stack, "two")["recordingConfig"]["streamTypes"] == 2


# Errors at the fields


def test_every_error_is_shown_at_its_field_and_can_be_corrected(stack: Stack) -> None:
    stack.start(ALLOWED_AGORA_CHANNELS="daily,b\u00fcro,x*,weekly")
    stack.recording("weekly")
    stack.command("stop")
    stack.wait_card("ended")
    view = stack.open_form()
    for values, field, error in WRONG:
        errors = stack.submit(view, **(USUAL | values)).errors
        assert list(errors) == [field], values
        assert error in errors[field], values
        assert view.open, values
    both = stack.submit(view, **(USUAL | {"channel": "secret", "length": "ever"})).errors
    assert sorted(both) == ["channel", "length"]
    assert len(stack.every_row()) == 1

    stack.submit(view, **USUAL)
    stack.wait_card("recording", agora="daily")


def test_a_form_is_acknowledged_with_errors_or_else_with_nothing(stack: Stack) -> None:
    stack.start()
    view = stack.open_form()
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    for name in NAMES_THAT_ARE_NONE:
        response = stack.submit(view, channel=name).delivery.response
        assert response["response_action"] == "errors", name
        assert set(response["errors"]) == {"channel"} <= inputs, name
    for length in LENGTHS_THAT_ARE_NONE:
        response = stack.submit(view, channel="daily", length=length).delivery.response
        assert response["response_action"] == "errors", length
        assert set(response["errors"]) == {"length"} <= inputs, length
        assert all(len(error) <= 300 for error in response["errors"].values()), length
    check_nothing_started(stack)
    accepted = stack.submit(view, channel="daily", length="\uff14\uff15m")
    assert accepted.acknowledged
    assert not accepted.delivery.response
    stack.wait_card("recording")
    repeated = accepted.repeat()
    assert repeated.acknowledged
    assert not repeated.response
    assert audit_events(stack) == [("started", "form")]


def test_a_time_of_day_that_has_passed_is_an_error_at_its_field(stack: Stack) -> None:
    stack.start()
    # Ana is in Madrid, two hours ahead of UTC.
    passed = stack.now + timedelta(hours=2, minutes=-1)
    errors = stack.submit(stack.open_form(), length=f"until {passed:%H:%M}").errors
    assert list(errors) == ["length"]
    assert "It's already" in errors["length"]
    check_nothing_started(stack)


def test_the_hint_names_the_usual_and_the_longest_recording(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="7200")
    text = hint(stack.open_form(), "length")
    assert text == "For example 45m, 2h or until 15:30. If empty: 2 hours. At most 23 hours."


def test_a_call_that_is_being_recorded_is_an_error_at_the_channel(stack: Stack) -> None:
    stack.start()
    stack.room("other")
    stack.recording("daily")
    here = stack.submit(stack.open_form()).errors
    assert "already has a recording here" in here["channel"]
    elsewhere = stack.submit(stack.open_form(channel="other"), channel="daily").errors
    assert elsewhere == {"channel": "Someone is already recording daily from another channel."}
    assert len(stack.every_row()) == 1


# Twice, two people, no access


def test_a_form_delivered_twice_starts_one_recording(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    first = stack.submit(stack.open_form())
    stack.wait_card("recording")
    again = first.repeat()
    assert again.acknowledged
    assert not again.response
    assert len(stack.cards()) == 1
    stack.command("stop")
    stack.wait_card("ended")
    first.repeat()
    words(stack.command("status"))
    assert len(stack.every_row()) == 1
    assert audit_events(stack) == [("started", "form"), ("stopped", "command")]


def test_of_two_people_with_an_open_form_the_second_reads_that_the_call_is_being_recorded(stack: Stack) -> None:
    stack.start()
    forms = {person: stack.open_form(by=person) for person in ("ana", "ben")}
    first, second = (stack.submit(view, by=person) for person, view in forms.items())
    stack.wait_card("recording")
    assert first.errors == {}
    assert "already has a recording here" in second.errors["channel"]
    assert len(stack.cards()) == 1


def test_a_form_that_slack_does_not_open_is_answered_with_the_command_to_type(stack: Stack) -> None:
    answers = {
        "expired_trigger_id": "didn't open in time",
        "exchanged_trigger_id": "already open",
        "internal_error": "didn't open the form",
        "request_timeout": "didn't open the form",
    }
    stack.start()
    for error, answer in answers.items():
        stack.slack.faults.add("views.open", error=error, times=1)
        text = stack.answer(stack.command(""))
        assert answer in text, error
        assert "Type `/record` again" in text, error
    stack.slack.faults.add("views.open", retry_after=30, times=1)
    assert "didn't open the form" in stack.answer(stack.command(""))
    check_nothing_started(stack)


def test_a_guest_reads_who_may_and_no_form_opens(stack: Stack) -> None:
    stack.start()
    assert REFUSED in stack.answer(stack.command("", by="gus", channel="general"))
    assert stack.slack.person("gus").modal is None
    assert not stack.slack.calls_of("views.open")


def test_a_form_sent_by_a_person_of_another_team_shows_who_may_and_starts_nothing(stack: Stack) -> None:
    stack.start()
    shape = stack.submit(stack.open_form(), length="ever").payload
    foreign = {**shape, "user": {**shape["user"], "id": "UEVE", "team_id": "T0OTHER"}, "trigger_id": "1.2.3"}
    response = stack.slack.send_envelope("interactive", foreign).response
    assert response["response_action"] == "errors"
    assert response["errors"]["channel"].startswith(REFUSED)
    check_nothing_started(stack)


def test_closing_the_form_starts_nothing(stack: Stack) -> None:
    stack.start()
    stack.slack.person("ana").close(stack.open_form())
    words(stack.command("status"))
    check_nothing_started(stack)


# Failures after the form was sent


def test_in_a_channel_archived_meanwhile_nothing_starts_and_the_person_reads_why(stack: Stack) -> None:
    stack.start()
    view = stack.open_form()
    stack.slack.archive("daily")
    stack.submit(view)
    ana = stack.slack.person("ana")
    stack.wait_for(
        lambda: [message for message in (*ana.ephemerals("daily"), *ana.direct.messages) if "archived" in message.said],
        what="the reason for ana",
    )
    stack.wait_state("failed")
    assert stack.agora.requests("acquire") == []


def test_in_a_channel_without_the_bot_the_invitation_comes_instead_of_the_form(stack: Stack) -> None:
    stack.start()
    ana = stack.slack.person("ana")
    stack.slack.add_channel("hidden", [ana], private=True, bot=False)
    asked = stack.command("", channel="hidden")
    assert f"/invite @{stack.slack.bot.name}" in stack.answer(asked)
    assert ana.modal is None
    assert stack.agora.requests("acquire") == []


def test_the_person_whose_form_was_open_when_the_bot_was_removed_reads_how_to_invite_it(stack: Stack) -> None:
    stack.start()
    ana = stack.slack.person("ana")
    stack.slack.add_channel("hidden", [ana], private=True, bot=True)
    form = stack.open_form(channel="hidden")
    stack.slack.remove_bot("hidden")
    stack.submit(form, channel="secret")
    stack.wait_for(
        lambda: [message for message in ana.ephemerals("hidden") if "/invite" in message.said],
        what="how to invite the bot",
    )
