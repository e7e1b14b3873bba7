"""Every button, field and command against what people and Slack do to it, through both doors: what no test of a single
button tries."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from simulator.slack import Interaction, Message
from tests.system.conftest import Stack, payload, words
from tests.system.transports import BOTH_TRANSPORTS, SlackTransport

ON_A_CARD = ("stop_recording", "extend_recording", "change_layout", "more")
BEHIND_THE_GATE = ("stop_recording", "extend_recording", "change_layout", "record_again", "get_links")
ACTIONS = (*BEHIND_THE_GATE, "more", "details", "take_alert", "list_next", "open_link_1")
UNKNOWN = "I don't know"


def shown_once(card: Message, action: str) -> dict[str, Any]:
    """An element that stands on the card, or stood there."""
    for blocks in (card.blocks, *(version.blocks for version in reversed(card.edits))):
        for block in blocks:
            for element in [*block.get("elements", []), block.get("accessory") or {}]:
                if element.get("action_id") == action:
                    return dict(element)
    raise AssertionError(f"there never was {action}")


def use(stack: Stack, card: Message, action: str, *, by: str = "ben") -> Interaction:
    """Presses it, or chooses in it what is not chosen, also on a screen that was not redrawn."""
    person = stack.slack.person(by)
    element = shown_once(card, action)
    if element["type"] == "button":
        return person.press(card, action, stale=True)
    option = next(each for each in element["options"] if each != element.get("initial_option"))
    return person.choose(card, action, option["value"], stale=True)


def told(stack: Stack, asked: Interaction) -> str:
    stack.slack.wait_for(lambda: asked.answers, what="words for the person")
    return words(asked)


def sent_raw(stack: Stack, shape: dict[str, Any], action: dict[str, Any], number: int) -> None:
    """A press as Slack would send it, with other contents; it has to be acknowledged."""
    body = copy.deepcopy(shape)
    body["actions"] = [{**action, "block_id": "b", "action_ts": f"{number}.0"}]
    body["trigger_id"] = f"{number}.1.x"
    delivery = stack.slack.send_envelope("interactive", body)
    assert delivery.acknowledged, action


def wait_answers(stack: Stack, asked: Interaction, count: int) -> None:
    stack.slack.wait_for(lambda: len(asked.answers) == count, what=f"{count} answers")


def audit_events(stack: Stack) -> list[str]:
    return [row["what"] for row in stack.bot.rows("SELECT what FROM acts ORDER BY id")]


@BOTH_TRANSPORTS
def test_whoever_may_not_reads_who_may_at_every_button_and_nothing_is_written_down(transport: SlackTransport) -> None:
    stack = transport.open()
    stack.slack.add_person("eve", team_id="T0OTHER", channels=["general"])
    stack.recording(channel="general")
    stack.command("stop", channel="general")
    card = stack.wait_card("ended", channel="general")
    before = audit_events(stack)
    pressable = [action for action in BEHIND_THE_GATE if action != "get_links"]
    for who in ("gus", "eve"):
        for action in pressable:
            said = told(stack, use(stack, card, action, by=who))
            assert said.startswith("Only full members of this workspace may"), action
            assert "ask one of them" in said
    assert "reference" in told(stack, use(stack, card, "more", by="gus")), "looking is for everybody"
    assert audit_events(stack) == before
    assert len(stack.cards("general")) == 1
    assert stack.agora.running() == []


@BOTH_TRANSPORTS
def test_the_same_press_twice_counts_once_and_another_one_is_told_that_it_is_so_already(
    transport: SlackTransport,
) -> None:
    stack = transport.open(MAX_DURATION_SECONDS="600")
    card = stack.recording()
    for action in ("extend_recording", "change_layout"):
        use(stack, card, action).repeat()
    assert sorted(audit_events(stack)) == ["changed_layout", "extended", "started"]
    chosen = shown_once(card, "change_layout")["options"][0]["value"]
    stack.slack.person("ana").choose(card, "change_layout", chosen, stale=True)
    stack.agora.fault("stop", answer="internal_error", times=None)
    stopped = use(stack, card, "stop_recording")
    stopped.repeat()
    assert stopped.answers == []
    again = told(stack, use(stack, card, "stop_recording", by="ana"))
    assert f"is being stopped already, as {stack.slack.person('ben').mention} asked" in again
    stack.agora.clear_faults()
    stack.wait_card("ended")
    assert "is over" in told(stack, use(stack, card, "stop_recording", by="ana"))
    assert audit_events(stack).count("started") == 1


@BOTH_TRANSPORTS
def test_on_a_card_that_was_deleted_every_button_does_what_it_says(transport: SlackTransport) -> None:
    stack = transport.open(MAX_DURATION_SECONDS="600")
    card = stack.recording()
    sid = payload(card)["sid"]
    ends = stack.bot.rows("SELECT ends_at FROM recordings")[0]["ends_at"]
    stack.slack.delete_message(card)
    for action in ("extend_recording", "change_layout"):
        assert use(stack, card, action).acknowledged
    assert sid in told(stack, use(stack, card, "more"))
    assert stack.bot.rows("SELECT ends_at FROM recordings")[0]["ends_at"] != ends
    stack.wait_agora(lambda sim: [each for each in sim.running("daily") if each.layout["mixedVideoLayout"] == 0])
    assert use(stack, card, "stop_recording").acknowledged
    stack.wait_state("ended")
    assert stack.agora.running() == []


@BOTH_TRANSPORTS
def test_in_a_channel_that_was_archived_meanwhile_a_recording_can_still_be_stopped(transport: SlackTransport) -> None:
    stack = transport.open(MAX_DURATION_SECONDS="600")
    card = stack.recording()
    sid = payload(card)["sid"]
    stack.slack.archive("daily")
    for action in ON_A_CARD[1:]:
        assert use(stack, card, action).acknowledged, action
    assert sid in told(stack, use(stack, card, "more"))
    assert use(stack, card, "stop_recording").acknowledged
    stack.wait_state("ended")
    assert stack.agora.running() == []

    over = use(stack, card, "extend_recording")
    assert "is over" in told(stack, over)
    again = {"type": "button", "action_id": "record_again", "value": payload(card)["recording_id"]}
    sent_raw(stack, over.payload, again, 1)
    stack.slack.wait_for(lambda: "This channel is archived" in words(over), what="the reason")
    assert len(stack.agora.recorders()) == 1


HOSTILE = [
    "",
    "nobody",
    "rec|x|y",
    "details:",
    "grid:nobody",
    "speaker:",
    "\x00",
    "'; DROP TABLE recordings; --",
    "x" * 2000,
]


@BOTH_TRANSPORTS
def test_a_press_that_means_nothing_is_acknowledged_and_answered_and_changes_nothing(transport: SlackTransport) -> None:
    stack = transport.open()
    card = stack.recording()
    pressed = use(stack, card, "more")
    told(stack, pressed)
    before = audit_events(stack)
    number = 0
    for action in ACTIONS:
        for value in HOSTILE if action != "open_link_1" else [""]:
            number += 1
            sent_raw(stack, pressed.payload, {"type": "button", "action_id": action, "value": value}, number)
    for action in ACTIONS:
        for bare in ({"type": "static_select", "selected_option": None}, {"type": "button"}):
            number += 1
            sent_raw(stack, pressed.payload, {**bare, "action_id": action}, number)
    assert audit_events(stack) == before
    assert len(stack.agora.running()) == 1
    assert "request_failed" not in stack.bot.log


@BOTH_TRANSPORTS
def test_the_which_one_list_stops_each_once_and_says_so_when_pressed_again(transport: SlackTransport) -> None:
    stack = transport.open()
    for name in ("one", "two"):
        stack.recording(name)
    for mistyped in ("stop oen", "status oen"):
        assert "Being recorded here: `one`, `two`." in words(stack.command(mistyped))
    asked = stack.command("stop", by="ben")
    assert asked.reply is not None
    listed = asked.reply
    assert listed.said.startswith("Several recordings are running here")
    first = listed.elements["stop_recording"]["value"]
    ben = stack.slack.person("ben")
    ben.press(listed, "stop_recording", first).repeat()
    stack.slack.wait_for(lambda: "Stopping" in listed.said, what="the answer in place of the list")
    stack.slack.wait_for(lambda: len(stack.agora.running()) == 1, what="the other one alone")
    ben.press(listed, "stop_recording", first, stale=True)
    stack.slack.wait_for(
        lambda: "is over" in listed.said or "stopped already" in listed.said, what="that it is so already"
    )
    assert audit_events(stack).count("stopped") == 1
    assert len(stack.agora.running()) == 1


# The form


def opened(stack: Stack, by: str = "ana", channel: Any = "daily") -> Any:
    stack.command("", by=by, channel=channel)
    return stack.slack.wait_for(lambda: stack.slack.person(by).modal, what="an open form")


@BOTH_TRANSPORTS
def test_a_form_is_acknowledged_in_time_and_with_nothing_where_all_is_well_and_by_field_where_not(
    transport: SlackTransport,
) -> None:
    stack = transport.open()
    view = opened(stack)
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    for name in ("#daily", "@ana", ":smile:", "daily for 45m", "daily until 15:30", "b\u00fcro", "x" * 65, "`<!here>`"):
        wrong = stack.slack.person("ana").submit(view, {"channel": name})
        assert wrong.delivery.response["response_action"] == "errors"
        assert set(wrong.delivery.response["errors"]) == {"channel"} <= inputs, name
    for value in ("1:30", "45", "for", "until", "\u00bd h", "<!here>", "x" * 3000):
        wrong = stack.slack.person("ana").submit(view, {"channel": "daily", "length": value})
        assert set(wrong.delivery.response["errors"]) == {"length"}, value
        assert all(len(said) <= 300 for said in wrong.delivery.response["errors"].values())
    assert stack.bot.rows("SELECT id FROM recordings") == []
    fine = stack.slack.person("ana").submit(view, {"channel": "daily", "length": "\uff14\uff15m"})
    assert fine.delivery.latency is not None
    assert fine.delivery.latency < 3
    assert not fine.delivery.response
    stack.wait_card("starting" if not stack.agora.running() else "recording")
    repeated = fine.repeat()
    assert not repeated.response
    assert audit_events(stack) == ["started"]


@BOTH_TRANSPORTS
def test_whoever_became_a_guest_while_the_form_was_open_reads_so_in_it_and_nothing_starts(
    transport: SlackTransport,
) -> None:
    stack = transport.open()
    view = opened(stack)
    shape = stack.slack.person("ana").submit(view, {"length": "ever"}).payload
    foreign = {**shape, "user": {**shape["user"], "id": "UEVE", "team_id": "T0OTHER"}, "trigger_id": "1.2.3"}
    answer = stack.slack.send_envelope("interactive", foreign).response
    assert answer["response_action"] == "errors"
    assert answer["errors"]["channel"].startswith("Only full members of this workspace may")
    assert audit_events(stack) == []


@BOTH_TRANSPORTS
@pytest.mark.parametrize("trigger", ["missing", ""])
def test_a_command_without_a_trigger_is_answered_with_the_words_for_the_same(
    transport: SlackTransport, trigger: str
) -> None:
    stack = transport.open()
    shape = stack.command("help").payload
    without = {name: value for name, value in shape.items() if name != "trigger_id" or trigger == ""}
    bare = {**without, "text": ""} if trigger else {**without, "text": "", "trigger_id": ""}
    told_before = len(stack.slack.person("ana").ephemerals("daily"))
    assert stack.slack.send_envelope("slash_commands", bare).acknowledged
    said = stack.slack.wait_for(
        lambda: stack.slack.person("ana").ephemerals("daily")[told_before:], what="words for the person"
    )
    assert "/record start daily for 45m audio" in said[0].said
    assert stack.bot.rows("SELECT id FROM recordings") == []


@BOTH_TRANSPORTS
def test_in_a_conversation_of_two_people_the_person_reads_to_ask_in_a_channel(transport: SlackTransport) -> None:
    stack = transport.open()
    ana, ben = stack.slack.person("ana"), stack.slack.person("ben")
    theirs = stack.slack.workspace.direct(ana.user, ben.user)
    view = opened(stack, channel=theirs)
    assert view.elements["channel"].get("initial_value") is None
    ana.submit(view, {"channel": "daily"})
    typed = stack.command("start weekly", channel=theirs)
    stack.slack.wait_for(
        lambda: len([m for m in ana.ephemerals(theirs) if "can't post in" in m.said]) == 2, what="the reason, twice"
    )
    for said in (words(typed), *(m.said for m in ana.ephemerals(theirs) if "can't post in" in m.said)):
        assert "/invite" not in said, "nobody can be invited there"
    assert "in a channel" in words(typed)
    assert stack.agora.requests("acquire") == []


# Every command


@BOTH_TRANSPORTS
def test_every_command_is_answered_to_the_person_alone_wherever_it_is_typed_and_however_often(
    transport: SlackTransport,
) -> None:
    stack = transport.open()
    hidden = stack.slack.add_channel("hidden", [stack.slack.person("ana")], private=True, bot=False)
    places: list[Any] = ["daily", hidden, stack.slack.person("ana").direct]
    for channel in places:
        for text in (
            "status",
            "status weekly",
            "stop",
            "stop weekly",
            "list",
            "list weekly",
            "help",
            "strat daily",
            "x",
        ):
            asked = stack.command(text, channel=channel)
            asked.repeat()
            assert words(asked).strip(), (text, channel)
        doctor = stack.command("doctor", channel=channel)
        wait_answers(stack, doctor, 2)
    assert stack.bot.rows("SELECT id FROM recordings") == []
    assert stack.agora.requests("start") == []
    assert "request_failed" not in stack.bot.log
