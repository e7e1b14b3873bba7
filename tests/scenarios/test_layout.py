"""Layouts: the one that a recorder starts with, and the menu on the card that changes it during the recording."""

from __future__ import annotations

from typing import Any

import pytest

from recordings.model.audit import AuditAction
from simulator.agora import RecorderView
from simulator.slack import Interaction, Message
from tests.scenarios.stack import Stack, payload, words

FLOATING, GRID = {"mixedVideoLayout": 0}, {"mixedVideoLayout": 1}


def large(uid: int) -> dict[str, Any]:
    return {"mixedVideoLayout": 2, "maxResolutionUid": str(uid)}


def menu_of(stack: Stack, card: Message, *, by: str = "ben") -> Message:
    """The layouts to choose from, which the menu of the card answers with."""
    opened = stack.choose(card, "more", "Change layout", by=by, stale=True)
    (menu,) = opened.answers
    return menu


def choose(stack: Stack, card: Message, layout: str, *, by: str = "ben") -> Interaction:
    """Somebody opens the menu of the card and chooses a layout."""
    menu = menu_of(stack, card, by=by)
    return stack.choose(menu, "change_layout", layout.capitalize(), by=by)


def answer_to(stack: Stack, menu: Message, layout: str, *, by: str = "ben") -> str:
    """What takes the place of the menu after a choice."""
    stack.choose(menu, "change_layout", layout.capitalize(), by=by)
    return menu.said


def shown_layout(stack: Stack, card: Message) -> str:
    """The layout that the menu shows as the present one."""
    return str(menu_of(stack, card).elements["change_layout"]["initial_option"]["text"]["text"])


def asked_for(body: Any) -> dict[str, Any]:
    """What a start asks for; each has a token of its own."""
    return {**body, "clientRequest": {**body["clientRequest"], "token": ""}}


def picture(recorder: RecorderView) -> dict[str, Any]:
    """What its start asked for."""
    config: Any = recorder.request["recordingConfig"]
    return dict(config["transcodingConfig"])


def wait_layout(stack: Stack, layout: dict[str, Any], channel: str = "daily") -> None:
    stack.wait_agora(lambda sim: [each for each in sim.running(channel) if each.layout == layout])


def wait_line(stack: Stack, *parts: str) -> Message:
    """A line of the thread, once it is there."""

    def newest() -> Message | None:
        return next((line for line in stack.thread_lines(parts[0]) if all(part in line.said for part in parts)), None)

    line = stack.wait_for(newest, what=str(parts))
    assert line is not None
    return line


def changes(stack: Stack) -> list[tuple[str, str]]:
    """Who chose which layout, by the audit log."""
    names = {stack.slack.person(name).id: name for name in ("ana", "ben")}
    return [(names[event.who], event.detail) for event in stack.audit() if event.what is AuditAction.CHANGED_LAYOUT]


def test_a_choice_changes_the_layout_and_the_thread_names_who_chose(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    answer = answer_to(stack, menu_of(stack, card), "floating")
    wait_layout(stack, FLOATING)
    line = wait_line(stack, "changed the layout to Floating", stack.slack.person("ben").mention)
    assert (line.thread_ts, line.broadcast) == (card.ts, False)
    assert shown_layout(stack, card) == "Floating"
    assert answer == "Changing the layout of *daily* to Floating."
    assert changes(stack) == [("ben", "floating")]

    choose(stack, card, "grid", by="ana")
    wait_layout(stack, GRID)
    wait_line(stack, "changed the layout to Grid", stack.slack.person("ana").mention)
    assert len(stack.agora.requests("updateLayout")) == 2
    assert payload(stack.cards()[-1])["state"] == "recording"
    assert stack.alerts() == []


def test_the_speaker_layout_enlarges_whoever_has_the_lowest_user_id(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 2000)
    card = stack.recording(people=2)
    choose(stack, card, "speaker")
    wait_layout(stack, large(1000))
    wait_line(stack, "changed the layout to Speaker")


def test_a_recorder_starts_with_the_requested_layout_and_resolution(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 2000)
    stack.agora.join("daily", 1000)
    words(stack.command("start daily speaker 480p"))
    card = stack.wait_red()
    (recorder,) = stack.agora.running("daily")
    assert recorder.layout == large(1000)
    assert picture(recorder)["bitrate"] == 610
    assert "480p" in card.said
    assert shown_layout(stack, card) == "Speaker"
    stack.after_queries(2)
    assert stack.agora.requests("updateLayout") == []


def test_the_speaker_layout_waits_for_the_first_person(stack: Stack) -> None:
    stack.start()
    words(stack.command("start daily speaker"))
    card = stack.wait_card("recording")
    stack.wait_for(lambda: "Waiting for people" in card.said, what="that nobody is there")
    assert shown_layout(stack, card) == "Speaker", "it is what the recording will have"
    (recorder,) = stack.agora.running("daily")
    assert recorder.layout == GRID
    stack.agora.join("daily", 1234)
    wait_layout(stack, large(1234))
    assert stack.alerts() == []


# At each state


def test_a_choice_during_the_start_is_kept(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.meanwhile("start", lambda: choose(stack, stack.cards()[-1], "floating"))
    stack.command("start daily")
    stack.wait_red()
    wait_layout(stack, FLOATING)
    wait_line(stack, "changed the layout to Floating")


def test_every_try_to_start_a_recorder_is_identical_whatever_people_choose_meanwhile(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.agora.fault("start", answer="not_completed", times=2)
    stack.meanwhile("start", lambda: choose(stack, stack.cards()[-1], "floating"))
    stack.command("start daily")
    stack.wait_red()
    tries = stack.agora.requests("start")
    assert len(tries) == 3
    assert len({str(asked_for(request.body)) for request in tries}) == 1
    assert len({request.path for request in tries}) == 1
    wait_layout(stack, FLOATING)


def test_a_choice_during_an_interruption_is_applied_when_the_recorder_is_back(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.move("daily", duration=40)
    stack.wait_card("interrupted")
    choose(stack, card, "floating")
    stack.wait_card("recording")
    wait_layout(stack, FLOATING)
    assert stack.alerts() == []


def test_a_choice_on_a_finished_card_is_answered_with_how_it_ended(stack: Stack) -> None:
    stack.start()
    menu = menu_of(stack, stack.recording())
    stack.command("stop")
    over = stack.wait_card("ended")
    assert "Change layout" not in over.said
    assert "is over" in answer_to(stack, menu, "floating")
    assert stack.agora.requests("updateLayout") == []
    assert changes(stack) == []


def test_a_choice_while_stopping_changes_nothing(stack: Stack) -> None:
    stack.start()
    menu = menu_of(stack, stack.recording())
    stack.agora.fault("stop", answer="internal_error", times=None)
    stack.command("stop")
    stack.wait_card("stopping")
    assert "is already stopping *daily*" in answer_to(stack, menu, "floating")
    stack.agora.clear_faults()
    stack.wait_card("ended")
    assert stack.agora.requests("updateLayout") == []


def test_a_choice_on_a_deleted_card_counts(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.slack.delete_message(card)
    choose(stack, card, "floating")
    wait_layout(stack, FLOATING)
    assert changes(stack) == [("ben", "floating")]


# Twice, two people, not allowed


def test_the_same_choice_twice_is_one_change(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    first = choose(stack, card, "floating")
    assert first.repeat().acknowledged
    wait_layout(stack, FLOATING)
    said = answer_to(stack, menu_of(stack, card, by="ana"), "floating", by="ana")
    assert "already has the layout Floating" in said
    assert stack.slack.person("ben").mention in said
    assert changes(stack) == [("ben", "floating")]
    assert len(stack.agora.requests("updateLayout")) == 1


def test_of_two_choices_at_once_the_last_counts_and_both_are_in_the_audit_log(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    choose(stack, card, "floating", by="ana")
    choose(stack, card, "speaker", by="ben")
    wait_layout(stack, large(1000))
    wait_line(stack, "changed the layout to Speaker", stack.slack.person("ben").mention)
    assert changes(stack) == [("ana", "floating"), ("ben", "speaker")]


def test_a_guest_changes_nothing_and_reads_who_may(stack: Stack) -> None:
    stack.start()
    card = stack.recording(channel="general")
    assert "Guests can't" in menu_of(stack, card, by="gus").said
    stack.after_queries(2)
    assert stack.agora.requests("updateLayout") == []
    assert changes(stack) == []


# What Agora answers


@pytest.mark.parametrize(
    "fault",
    [
        {"answer": "internal_error", "times": 2},
        {"answer": "rate_limited", "times": 2},
        {"answer": "not_completed", "times": 1},
        {"answer": "proxy_404", "times": 1},
        {"answer": "unauthorized", "times": 1},
        {"answer": "not_found", "times": 1},
        {"lost": "answer", "times": 1},
        {"lost": "request", "times": 1},
    ],
    ids=lambda fault: str(next(iter(fault.values()))),
)
def test_a_failed_change_is_retried_without_an_alert(stack: Stack, fault: dict[str, Any]) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("updateLayout", **fault)
    choose(stack, card, "floating")
    wait_line(stack, "changed the layout to Floating")
    wait_layout(stack, FLOATING)
    stack.after_queries(2)
    assert payload(stack.cards()[-1])["state"] == "recording"
    assert stack.alerts() == []


def test_a_refused_layout_is_reported_in_the_thread_and_not_retried(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("updateLayout", answer="invalid_parameter", times=None)
    choose(stack, card, "floating")
    line = wait_line(stack, "The layout couldn't be changed to Floating; it's still Grid.")
    assert (line.thread_ts, line.broadcast, line.event_type) == (card.ts, False, None)
    assert stack.thread_lines("changed the layout") == [], "it is never shown as chosen"
    assert stack.alerts() == [], "nothing is lost by it"
    assert shown_layout(stack, card) == "Grid"
    stack.after_queries(3)
    assert len(stack.agora.requests("updateLayout")) == 1
    assert payload(stack.cards()[-1])["state"] == "recording"

    stack.agora.clear_faults()
    choose(stack, card, "floating", by="ana")
    wait_layout(stack, FLOATING)
    wait_line(stack, "changed the layout to Floating")


def test_a_choice_survives_a_restart(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("updateLayout", answer="internal_error", times=None)
    choose(stack, card, "floating")
    stack.wait_agora(lambda sim: sim.requests("updateLayout"))
    stack.stop()
    stack.agora.clear_faults()
    stack.start()
    wait_layout(stack, FLOATING)
    wait_line(stack, "changed the layout to Floating")


def test_record_again_keeps_the_options(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.command("start daily 1080p")
    card = stack.wait_red()
    choose(stack, card, "floating")
    wait_layout(stack, FLOATING)
    stack.command("stop")
    over = stack.wait_card("ended")
    stack.choose(over, "more", "Record again")
    stack.wait_agora(lambda sim: len(sim.requests("start")) == 2)
    wait_layout(stack, FLOATING)
    (recorder,) = stack.agora.running("daily")
    assert picture(recorder)["width"] == 1920
