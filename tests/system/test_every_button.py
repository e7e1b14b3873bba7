"""Every button, field and command against what people and Slack do to it, through both doors: what no test of a single
button tries."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from simulator.slack import Interaction, Message
from tests.system.conftest import Office, payload, words
from tests.system.doors import BOTH_DOORS, Door, door

__all__ = ["door"]

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


def use(office: Office, card: Message, action: str, *, by: str = "ben") -> Interaction:
    """Presses it, or chooses in it what is not chosen, also on a screen that was not redrawn."""
    person = office.slack.person(by)
    element = shown_once(card, action)
    if element["type"] == "button":
        return person.press(card, action, stale=True)
    option = next(each for each in element["options"] if each != element.get("initial_option"))
    return person.choose(card, action, option["value"], stale=True)


def told(office: Office, asked: Interaction) -> str:
    office.slack.wait_for(lambda: asked.answers, what="words for the person")
    return words(asked)


def sent_raw(office: Office, shape: dict[str, Any], action: dict[str, Any], number: int) -> None:
    """A press as Slack would send it, with other contents; it has to be acknowledged."""
    body = copy.deepcopy(shape)
    body["actions"] = [{**action, "block_id": "b", "action_ts": f"{number}.0"}]
    body["trigger_id"] = f"{number}.1.x"
    delivery = office.slack.send_envelope("interactive", body)
    assert delivery.acknowledged, action


def wait_answers(office: Office, asked: Interaction, count: int) -> None:
    office.slack.wait_for(lambda: len(asked.answers) == count, what=f"{count} answers")


def audit_events(office: Office) -> list[str]:
    return [row["what"] for row in office.bot.rows("SELECT what FROM acts ORDER BY id")]


@BOTH_DOORS
def test_whoever_may_not_reads_who_may_at_every_button_and_nothing_is_written_down(door: Door) -> None:
    office = door.open()
    office.slack.add_person("eve", team_id="T0OTHER", channels=["general"])
    office.recording(channel="general")
    office.command("stop", channel="general")
    card = office.wait_card("ended", channel="general")
    before = audit_events(office)
    pressable = [action for action in BEHIND_THE_GATE if action != "get_links"]
    for who in ("gus", "eve"):
        for action in pressable:
            said = told(office, use(office, card, action, by=who))
            assert said.startswith("Only full members of this workspace may"), action
            assert "ask one of them" in said
    assert "reference" in told(office, use(office, card, "more", by="gus")), "looking is for everybody"
    assert audit_events(office) == before
    assert len(office.cards("general")) == 1
    assert office.agora.running() == []


@BOTH_DOORS
def test_the_same_press_twice_counts_once_and_another_one_is_told_that_it_is_so_already(door: Door) -> None:
    office = door.open(MAX_DURATION_SECONDS="600")
    card = office.recording()
    for action in ("extend_recording", "change_layout"):
        use(office, card, action).repeat()
    assert sorted(audit_events(office)) == ["changed_layout", "extended", "started"]
    chosen = shown_once(card, "change_layout")["options"][0]["value"]
    office.slack.person("ana").choose(card, "change_layout", chosen, stale=True)
    office.agora.fault("stop", answer="internal_error", times=None)
    stopped = use(office, card, "stop_recording")
    stopped.repeat()
    assert stopped.answers == []
    again = told(office, use(office, card, "stop_recording", by="ana"))
    assert f"is being stopped already, as {office.slack.person('ben').mention} asked" in again
    office.agora.clear_faults()
    office.wait_card("ended")
    assert "is over" in told(office, use(office, card, "stop_recording", by="ana"))
    assert audit_events(office).count("started") == 1


@BOTH_DOORS
def test_on_a_card_that_was_deleted_every_button_does_what_it_says(door: Door) -> None:
    office = door.open(MAX_DURATION_SECONDS="600")
    card = office.recording()
    sid = payload(card)["sid"]
    ends = office.bot.rows("SELECT ends_at FROM recordings")[0]["ends_at"]
    office.slack.delete_message(card)
    for action in ("extend_recording", "change_layout"):
        assert use(office, card, action).acknowledged
    assert sid in told(office, use(office, card, "more"))
    assert office.bot.rows("SELECT ends_at FROM recordings")[0]["ends_at"] != ends
    office.wait_agora(lambda sim: [each for each in sim.running("daily") if each.layout["mixedVideoLayout"] == 0])
    assert use(office, card, "stop_recording").acknowledged
    office.wait_state("ended")
    assert office.agora.running() == []


@BOTH_DOORS
def test_in_a_channel_that_was_archived_meanwhile_a_recording_can_still_be_stopped(door: Door) -> None:
    office = door.open(MAX_DURATION_SECONDS="600")
    card = office.recording()
    sid = payload(card)["sid"]
    office.slack.archive("daily")
    for action in ON_A_CARD[1:]:
        assert use(office, card, action).acknowledged, action
    assert sid in told(office, use(office, card, "more"))
    assert use(office, card, "stop_recording").acknowledged
    office.wait_state("ended")
    assert office.agora.running() == []

    over = use(office, card, "extend_recording")
    assert "is over" in told(office, over)
    again = {"type": "button", "action_id": "record_again", "value": payload(card)["recording_id"]}
    sent_raw(office, over.payload, again, 1)
    office.slack.wait_for(lambda: "This channel is archived" in words(over), what="the reason")
    assert len(office.agora.recorders()) == 1


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


@BOTH_DOORS
def test_a_press_that_means_nothing_is_acknowledged_and_answered_and_changes_nothing(door: Door) -> None:
    office = door.open()
    card = office.recording()
    pressed = use(office, card, "more")
    told(office, pressed)
    before = audit_events(office)
    number = 0
    for action in ACTIONS:
        for value in HOSTILE if action != "open_link_1" else [""]:
            number += 1
            sent_raw(office, pressed.payload, {"type": "button", "action_id": action, "value": value}, number)
    for action in ACTIONS:
        for bare in ({"type": "static_select", "selected_option": None}, {"type": "button"}):
            number += 1
            sent_raw(office, pressed.payload, {**bare, "action_id": action}, number)
    assert audit_events(office) == before
    assert len(office.agora.running()) == 1
    assert "request_failed" not in office.bot.log


@BOTH_DOORS
def test_the_which_one_list_stops_each_once_and_says_so_when_pressed_again(door: Door) -> None:
    office = door.open()
    for name in ("one", "two"):
        office.recording(name)
    for mistyped in ("stop oen", "status oen"):
        assert "Being recorded here: `one`, `two`." in words(office.command(mistyped))
    asked = office.command("stop", by="ben")
    assert asked.reply is not None
    listed = asked.reply
    assert listed.said.startswith("Several recordings are running here")
    first = listed.elements["stop_recording"]["value"]
    ben = office.slack.person("ben")
    ben.press(listed, "stop_recording", first).repeat()
    office.slack.wait_for(lambda: "Stopping" in listed.said, what="the answer in place of the list")
    office.slack.wait_for(lambda: len(office.agora.running()) == 1, what="the other one alone")
    ben.press(listed, "stop_recording", first, stale=True)
    office.slack.wait_for(
        lambda: "is over" in listed.said or "stopped already" in listed.said, what="that it is so already"
    )
    assert audit_events(office).count("stopped") == 1
    assert len(office.agora.running()) == 1


# The form


def opened(office: Office, by: str = "ana", channel: Any = "daily") -> Any:
    office.command("", by=by, channel=channel)
    return office.slack.wait_for(lambda: office.slack.person(by).modal, what="an open form")


@BOTH_DOORS
def test_a_form_is_acknowledged_in_time_and_with_nothing_where_all_is_well_and_by_field_where_not(door: Door) -> None:
    office = door.open()
    view = opened(office)
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    for name in ("#daily", "@ana", ":smile:", "daily for 45m", "daily until 15:30", "b\u00fcro", "x" * 65, "`<!here>`"):
        wrong = office.slack.person("ana").submit(view, {"channel": name})
        assert wrong.delivery.response["response_action"] == "errors"
        assert set(wrong.delivery.response["errors"]) == {"channel"} <= inputs, name
    for value in ("1:30", "45", "for", "until", "\u00bd h", "<!here>", "x" * 3000):
        wrong = office.slack.person("ana").submit(view, {"channel": "daily", "length": value})
        assert set(wrong.delivery.response["errors"]) == {"length"}, value
        assert all(len(said) <= 300 for said in wrong.delivery.response["errors"].values())
    assert office.bot.rows("SELECT id FROM recordings") == []
    fine = office.slack.person("ana").submit(view, {"channel": "daily", "length": "\uff14\uff15m"})
    assert fine.delivery.latency is not None
    assert fine.delivery.latency < 3
    assert not fine.delivery.response
    office.wait_card("starting" if not office.agora.running() else "recording")
    repeated = fine.repeat()
    assert not repeated.response
    assert audit_events(office) == ["started"]


@BOTH_DOORS
def test_whoever_became_a_guest_while_the_form_was_open_reads_so_in_it_and_nothing_starts(door: Door) -> None:
    office = door.open()
    view = opened(office)
    shape = office.slack.person("ana").submit(view, {"length": "ever"}).payload
    foreign = {**shape, "user": {**shape["user"], "id": "UEVE", "team_id": "T0OTHER"}, "trigger_id": "1.2.3"}
    answer = office.slack.send_envelope("interactive", foreign).response
    assert answer["response_action"] == "errors"
    assert answer["errors"]["channel"].startswith("Only full members of this workspace may")
    assert audit_events(office) == []


@BOTH_DOORS
@pytest.mark.parametrize("trigger", ["missing", ""])
def test_a_command_without_a_trigger_is_answered_with_the_words_for_the_same(door: Door, trigger: str) -> None:
    office = door.open()
    shape = office.command("help").payload
    without = {name: value for name, value in shape.items() if name != "trigger_id" or trigger == ""}
    bare = {**without, "text": ""} if trigger else {**without, "text": "", "trigger_id": ""}
    told_before = len(office.slack.person("ana").ephemerals("daily"))
    assert office.slack.send_envelope("slash_commands", bare).acknowledged
    said = office.slack.wait_for(
        lambda: office.slack.person("ana").ephemerals("daily")[told_before:], what="words for the person"
    )
    assert "/record start daily for 45m audio" in said[0].said
    assert office.bot.rows("SELECT id FROM recordings") == []


@BOTH_DOORS
def test_in_a_conversation_of_two_people_the_person_reads_to_ask_in_a_channel(door: Door) -> None:
    office = door.open()
    ana, ben = office.slack.person("ana"), office.slack.person("ben")
    theirs = office.slack.workspace.direct(ana.user, ben.user)
    view = opened(office, channel=theirs)
    assert view.elements["channel"].get("initial_value") is None
    ana.submit(view, {"channel": "daily"})
    typed = office.command("start weekly", channel=theirs)
    office.slack.wait_for(
        lambda: len([m for m in ana.ephemerals(theirs) if "can't post in" in m.said]) == 2, what="the reason, twice"
    )
    for said in (words(typed), *(m.said for m in ana.ephemerals(theirs) if "can't post in" in m.said)):
        assert "/invite" not in said, "nobody can be invited there"
    assert "in a channel" in words(typed)
    assert office.agora.requests("acquire") == []


# Every command


@BOTH_DOORS
def test_every_command_is_answered_to_the_person_alone_wherever_it_is_typed_and_however_often(door: Door) -> None:
    office = door.open()
    hidden = office.slack.add_channel("hidden", [office.slack.person("ana")], private=True, bot=False)
    places: list[Any] = ["daily", hidden, office.slack.person("ana").direct]
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
            asked = office.command(text, channel=channel)
            asked.repeat()
            assert words(asked).strip(), (text, channel)
        doctor = office.command("doctor", channel=channel)
        wait_answers(office, doctor, 2)
    assert office.bot.rows("SELECT id FROM recordings") == []
    assert office.agora.requests("start") == []
    assert "request_failed" not in office.bot.log
