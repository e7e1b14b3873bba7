"""Every button and command under what people and Slack do to it: no access, twice, too late, deleted, archived,
malformed, in every kind of conversation."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from recordings.model.audit import AuditAction
from simulator.slack import Channel, Interaction, Message
from tests.scenarios.stack import Stack, payload, words

ON_A_CARD = ("stop_recording", "extend_recording", "change_layout", "layout:", "details:")
OPTIONS = ("layout:", "place:", "again:", "details:")
"""Of the ⋯ menu; the recording's id follows."""
FOR_MEMBERS = ("stop_recording", "extend_recording", "change_layout", "layout:", "record_again", "again:")
"""The buttons that change something; `get_links`, for members as well, is only there once there are files."""
ACTIONS = (
    "stop_recording",
    "extend_recording",
    "change_layout",
    "record_again",
    "get_links",
    "more",
    "details",
    "take_alert",
    "list_next",
    "open_link_1",
    "open_form",
    "help_options",
)
MALFORMED_VALUES = (
    "",
    "nobody",
    "rec|x|y",
    "details:",
    "layout:nobody",
    "place:",
    "again:x",
    "grid:nobody",
    "speaker:",
    "\x00",
    "'; DROP TABLE recordings; --",
    "x" * 2000,
)


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def on_an_old_screen(card: Message) -> Message:
    """The card with every button and option that it ever has, also the menu of layouts of the previous release."""
    recording_id = payload(card)["recording_id"]
    buttons = [
        {"type": "button", "action_id": action, "text": plain(action), "value": recording_id}
        for action in ("stop_recording", "extend_recording", "record_again")
    ]
    layouts = [{"text": plain(name), "value": f"{name}:{recording_id}"} for name in ("floating", "grid", "speaker")]
    options = [{"text": plain(prefix), "value": f"{prefix}{recording_id}"} for prefix in OPTIONS]
    menu = {"type": "static_select", "action_id": "change_layout", "options": layouts}
    more = {"type": "overflow", "action_id": "more", "options": options}
    return replace(card, blocks=[{"type": "actions", "block_id": "old", "elements": [*buttons, menu, more]}])


def use(stack: Stack, card: Message, action: str, *, by: str = "ben") -> Interaction:
    """Presses a button, or chooses a layout or an option of the menu, on a screen that shows an older card."""
    old = on_an_old_screen(card)
    if action == "change_layout":
        return stack.choose(old, action, "floating", by=by, stale=True)
    if action in OPTIONS:
        return stack.choose(old, "more", action, by=by, stale=True)
    return stack.press(old, action, by=by, stale=True)


def send_action(stack: Stack, interaction: Interaction, number: int, **action: Any) -> None:
    """Sends a press like this one with other contents; the bot has to acknowledge it."""
    body = copy.deepcopy(interaction.payload)
    body["actions"] = [{**action, "block_id": "b", "action_ts": f"{number}.0"}]
    body["trigger_id"] = f"{number}.1.x"
    assert stack.slack.send_envelope("interactive", body).acknowledged, action


def actions_taken(stack: Stack) -> list[AuditAction]:
    return [audit_event.what for audit_event in stack.audit()]


# Every button


def test_guests_and_people_of_other_teams_read_who_may_at_every_button(stack: Stack) -> None:
    stack.start()
    stack.slack.add_person("eve", team_id="T0OTHER", channels=["general"])
    stack.recording(channel="general")
    stack.command("stop", channel="general")
    card = stack.wait_card("ended", channel="general")
    before = actions_taken(stack)
    for person in ("gus", "eve"):
        for action in FOR_MEMBERS:
            answer = stack.answer(use(stack, card, action, by=person))
            assert answer.startswith("Guests can't start or stop recordings"), (person, action)
            assert "Ask a member" in answer, (person, action)
    assert "recording:" in stack.answer(use(stack, card, "details:", by="gus")), "everybody may look"
    assert actions_taken(stack) == before
    assert len(stack.cards("general")) == 1
    assert stack.agora.running() == []


def test_a_press_delivered_twice_counts_once_and_a_second_person_reads_what_happens_already(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    for action in ("extend_recording", "change_layout"):
        use(stack, card, action).repeat()
    assert sorted(actions_taken(stack)) == ["changed_layout", "extended", "started"]
    use(stack, card, "change_layout", by="ana")
    stack.agora.fault("stop", answer="internal_error", times=None)
    stopped = use(stack, card, "stop_recording")
    stopped.repeat()
    assert stopped.answers == []
    again = stack.answer(use(stack, card, "stop_recording", by="ana"))
    assert f"{stack.slack.person('ben').mention} is already stopping" in again
    stack.agora.clear_faults()
    stack.wait_card("ended")
    assert "is over" in stack.answer(use(stack, card, "stop_recording", by="ana"))
    assert actions_taken(stack).count(AuditAction.STARTED) == 1
    assert actions_taken(stack).count(AuditAction.STOPPED) == 1


def test_every_button_of_a_deleted_card_still_works(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    sid, end = payload(card)["sid"], stack.row().intent.ends_at
    stack.slack.delete_message(card)
    for action in ("extend_recording", "change_layout"):
        assert use(stack, card, action).acknowledged, action
    assert sid in stack.answer(use(stack, card, "details:"))
    assert stack.row().intent.ends_at != end
    stack.wait_agora(lambda agora: [one for one in agora.running("daily") if one.layout["mixedVideoLayout"] == 0])
    assert use(stack, card, "stop_recording").acknowledged
    stack.wait_state("ended")
    assert stack.agora.running() == []


def test_a_recording_in_an_archived_channel_can_be_stopped_and_no_other_starts(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    sid = payload(card)["sid"]
    stack.slack.archive("daily")
    for action in ON_A_CARD[1:]:
        assert use(stack, card, action).acknowledged, action
    assert sid in stack.answer(use(stack, card, "details:"))
    assert use(stack, card, "stop_recording").acknowledged
    stack.wait_state("ended")
    assert stack.agora.running() == []

    over = use(stack, card, "extend_recording")
    assert "is over" in stack.answer(over)
    send_action(stack, over, 1, type="button", action_id="record_again", value=payload(card)["recording_id"])
    stack.wait_for(lambda: "This channel is archived" in words(over), what="the reason")
    assert len(stack.agora.recorders()) == 1


def test_a_malformed_press_is_acknowledged_and_changes_nothing(stack_on_sql: Stack) -> None:
    stack = stack_on_sql
    with capture_logs() as logs:
        stack.start()
        card = stack.recording()
        pressed = use(stack, card, "details:")
        stack.answer(pressed)
        before = actions_taken(stack)
        numbers = itertools.count(1)
        for action in ACTIONS:
            for value in MALFORMED_VALUES if action != "open_link_1" else [""]:
                send_action(stack, pressed, next(numbers), type="button", action_id=action, value=value)
            send_action(stack, pressed, next(numbers), type="static_select", selected_option=None, action_id=action)
            send_action(stack, pressed, next(numbers), type="button", action_id=action)
    assert actions_taken(stack) == before
    assert len(stack.agora.running()) == 1
    assert "request_failed" not in [log["event"] for log in logs]


def test_the_list_to_choose_from_stops_a_recording_once_and_then_shows_that_it_is_stopped(stack: Stack) -> None:
    stack.start()
    for name in ("one", "two"):
        stack.recording(name)
    for mistyped in ("stop oen", "status oen"):
        assert "Recording now: *one*, *two*." in words(stack.command(mistyped))
    listed = stack.command("stop", by="ben").reply
    assert listed is not None
    assert listed.said.startswith("Two recordings are running.")
    first = listed.elements["stop_recording"]["value"]
    # Slack delivers it again at once, before the recorder has stopped.
    stack.slack.person("ben").press(listed, "stop_recording", first).repeat()
    assert "Stopping" in listed.said, "the answer takes the place of the list"
    stack.wait_for(lambda: len(stack.agora.running()) == 1, what="the other recording alone")
    stack.press(listed, "stop_recording", value=first, stale=True)
    stack.wait_for(lambda: "is over" in listed.said or "is already stopping" in listed.said, what="that it is stopped")
    assert actions_taken(stack).count(AuditAction.STOPPED) == 1
    assert len(stack.agora.running()) == 1


# Every command


@pytest.mark.parametrize("trigger", [{}, {"trigger_id": ""}], ids=["no trigger", "an empty trigger"])
def test_a_command_without_a_trigger_is_answered_with_the_command_to_type(
    stack: Stack, trigger: dict[str, str]
) -> None:
    stack.start()
    typed = stack.command("help").payload
    bare = {name: value for name, value in typed.items() if name != "trigger_id"} | {"text": ""} | trigger
    before = len(stack.slack.person("ana").ephemerals("daily"))
    assert stack.slack.send_envelope("slash_commands", bare).acknowledged
    (answer,) = stack.slack.person("ana").ephemerals("daily")[before:]
    assert "`/record start` and the name of the call" in answer.said
    assert stack.every_row() == []


def test_in_a_conversation_of_two_people_the_person_reads_to_type_it_in_a_channel(stack: Stack) -> None:
    stack.start()
    ana, ben = stack.slack.person("ana"), stack.slack.person("ben")
    conversation = stack.slack.workspace.direct(ana.user, ben.user)
    for text in ("", "start weekly"):
        refusal = stack.answer(stack.command(text, channel=conversation))
        assert "I can't record from a DM between people" in refusal
        assert "Use a channel" in refusal
        assert "/invite" not in refusal, "nobody can be invited there"
    assert ana.modal is None
    assert stack.agora.requests("acquire") == []


def test_every_command_is_answered_to_the_person_alone_in_every_kind_of_conversation(stack: Stack) -> None:
    texts = (
        "status",
        "status weekly",
        "stop",
        "stop weekly",
        "list",
        "list weekly",
        "help",
        "strat daily",
        "x",
    )
    ana = stack.slack.person("ana")
    hidden = stack.slack.add_channel("hidden", [ana], private=True, bot=False)
    channels: tuple[Channel | str, ...] = ("daily", hidden, ana.direct)
    with capture_logs() as logs:
        stack.start()
        for channel in channels:
            for text in texts:
                typed = stack.command(text, channel=channel)
                typed.repeat()
                assert words(typed).strip(), (text, channel)
            doctor = stack.command("doctor", channel=channel)
            assert len(doctor.answers) == 2, channel
            assert words(doctor).strip(), channel
    assert stack.every_row() == []
    assert stack.agora.requests("start") == []
    assert "request_failed" not in [log["event"] for log in logs]
