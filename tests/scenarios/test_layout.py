"""The layout: with what a recorder begins, and how the menu on the card changes it while the recording goes on."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.agora import RecorderView
from simulator.slack import Interaction, Message
from tests.scenarios.stack import Stack, payload, words

FLOATING, GRID = {"mixedVideoLayout": 0}, {"mixedVideoLayout": 1}


def large(uid: int) -> dict[str, Any]:
    return {"mixedVideoLayout": 2, "maxResolutionUid": str(uid)}


def choose(stack: Stack, card: Message, layout: str, *, by: str = "ben", stale: bool = False) -> Interaction:
    menu = card.elements.get("change_layout") or next(
        element
        for version in reversed(card.edits)
        for block in version.blocks
        for element in block.get("elements", [])
        if element.get("action_id") == "change_layout"
    )
    value = next(option["value"] for option in menu["options"] if option["value"].startswith(layout))
    return stack.slack.person(by).choose(card, "change_layout", value, stale=stale)


def asked_for(body: Any) -> dict[str, Any]:
    """What a start asks for; each has a token of its own."""
    return {**body, "clientRequest": {**body["clientRequest"], "token": ""}}


def picture(recorder: RecorderView) -> dict[str, Any]:
    """What its start asked for."""
    config: Any = recorder.request["recordingConfig"]
    return dict(config["transcodingConfig"])


def told(stack: Stack, chosen: Interaction) -> str:
    stack.wait_for(lambda: chosen.answers, what="words for the person")
    return words(chosen)


def wait_layout(stack: Stack, layout: dict[str, Any], channel: str = "daily") -> None:
    stack.wait_agora(lambda sim: [each for each in sim.running(channel) if each.layout == layout])


def wait_said(stack: Stack, said: str) -> Message:
    found = stack.wait_for(lambda: next((card for card in stack.cards()[-1:] if said in card.said), None), what=said)
    assert found is not None
    return found


def lines(stack: Stack, what: str) -> list[Message]:
    """What the thread says of it."""
    return [m for m in stack.slack.messages("daily") if "layout" in m.text and what in m.text and not m.event_type]


def changes(stack: Stack) -> list[tuple[str, str]]:
    people = {stack.slack.person(name).id: name for name in ("ana", "ben")}
    rows = stack.bot.rows("SELECT who, detail FROM acts WHERE what = 'changed_layout' ORDER BY id")
    return [(people[row["who"]], row["detail"]) for row in rows]


def test_a_choice_changes_the_layout_and_the_card_shows_who_did(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    chosen = choose(stack, card, "floating")
    wait_layout(stack, FLOATING)
    shown = wait_said(stack, "Layout: floating, chosen by")
    assert stack.slack.person("ben").mention in shown.said
    assert shown.elements["change_layout"]["initial_option"]["text"]["text"] == "Layout: floating"
    assert chosen.answers == []
    assert changes(stack) == [("ben", "floating")]

    choose(stack, shown, "grid", by="ana")
    wait_layout(stack, GRID)
    assert stack.slack.person("ana").mention in wait_said(stack, "Layout: grid, chosen by").said
    assert len(stack.agora.requests("updateLayout")) == 2
    assert payload(stack.cards()[-1])["state"] == "recording"
    assert stack.alerts() == []


def test_the_speaker_layout_enlarges_whoever_has_the_lowest_user_id(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 2000)
    card = stack.recording(people=2)
    choose(stack, card, "speaker")
    wait_layout(stack, large(1000))
    wait_said(stack, "Layout: speaker, chosen by")
    wait_said(stack, "(user 1000 is large)")


def test_a_recorder_begins_with_the_layout_that_it_was_asked_for_with(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 2000)
    stack.agora.join("daily", 1000)
    words(stack.command("start daily speaker 480p"))
    card = stack.wait_red()
    (recorder,) = stack.agora.running("daily")
    assert recorder.layout == large(1000)
    assert picture(recorder)["bitrate"] == 610
    assert "480p · Layout: speaker (user 1000 is large)" in card.said
    stack.after_queries(2)
    assert stack.agora.requests("updateLayout") == []


def test_where_nobody_is_there_yet_the_speaker_layout_comes_with_the_first_person(stack: Stack) -> None:
    stack.start()
    words(stack.command("start daily speaker"))
    stack.wait_card("recording")
    wait_said(stack, "Layout: speaker, once somebody is in the call")
    (recorder,) = stack.agora.running("daily")
    assert recorder.layout == GRID
    stack.agora.join("daily", 1234)
    wait_layout(stack, large(1234))
    wait_said(stack, "Layout: speaker (user 1234 is large)")
    assert stack.alerts() == []


# At each state


def test_a_choice_while_it_starts_is_kept(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.agora.fault("start", delay=1.5)
    stack.command("start daily")
    card = stack.wait_card("starting")
    stack.wait_agora(lambda sim: sim.in_flight("start"))
    choose(stack, card, "floating")
    stack.wait_red()
    wait_layout(stack, FLOATING)
    wait_said(stack, "Layout: floating, chosen by")


def test_every_try_to_start_a_recorder_is_the_same_whatever_people_choose_meanwhile(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.agora.fault("start", answer="not_completed", delay=0.5, times=2)
    stack.command("start daily")
    card = stack.wait_card("starting")
    stack.wait_agora(lambda sim: sim.in_flight("start"))
    choose(stack, card, "floating")
    stack.wait_red()
    tries = stack.agora.requests("start")
    assert len(tries) == 3
    assert len({str(asked_for(seen.body)) for seen in tries}) == 1
    assert len({seen.path for seen in tries}) == 1
    wait_layout(stack, FLOATING)


def test_a_choice_while_agora_does_not_find_the_recorder_comes_when_it_is_back(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.move("daily", duration=1.5)
    stack.wait_card("interrupted")
    choose(stack, card, "floating")
    stack.wait_card("recording")
    wait_layout(stack, FLOATING)
    assert stack.alerts() == []


def test_on_a_card_that_is_over_the_person_reads_how_it_ended(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.command("stop")
    over = stack.wait_card("ended")
    assert "change_layout" not in over.elements
    assert "is over" in told(stack, choose(stack, card, "floating", stale=True))
    assert stack.agora.requests("updateLayout") == []
    assert changes(stack) == []


def test_while_it_is_being_stopped_nothing_changes(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("stop", answer="internal_error", times=None)
    stack.command("stop")
    stack.wait_card("stopping")
    assert "being stopped already" in told(stack, choose(stack, card, "floating", stale=True))
    stack.agora.clear_faults()
    stack.wait_card("ended")
    assert stack.agora.requests("updateLayout") == []


def test_on_a_deleted_card_the_choice_counts_all_the_same(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.slack.delete_message(card)
    choose(stack, card, "floating", stale=True)
    wait_layout(stack, FLOATING)
    assert changes(stack) == [("ben", "floating")]


# Twice, two people, not allowed


def test_the_same_choice_twice_is_one_change(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    first = choose(stack, card, "floating")
    assert first.repeat().acknowledged
    wait_layout(stack, FLOATING)
    said = told(stack, choose(stack, card, "floating", by="ana"))
    assert "floating already" in said
    assert stack.slack.person("ben").mention in said
    assert changes(stack) == [("ben", "floating")]
    assert len(stack.agora.requests("updateLayout")) == 1


def test_of_two_people_at_once_the_last_counts_and_both_are_written_down(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    choose(stack, card, "floating", by="ana")
    choose(stack, card, "speaker", by="ben")
    wait_layout(stack, large(1000))
    shown = wait_said(stack, "Layout: speaker, chosen by")
    assert stack.slack.person("ben").mention in shown.said
    assert changes(stack) == [("ana", "floating"), ("ben", "speaker")]


def test_guests_change_nothing_and_read_who_may(stack: Stack) -> None:
    stack.start()
    card = stack.recording(channel="general")
    assert "Only full members" in told(stack, choose(stack, card, "floating", by="gus"))
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
def test_what_does_not_work_just_now_is_tried_again_and_nobody_is_alarmed(stack: Stack, fault: dict[str, Any]) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("updateLayout", **fault)
    choose(stack, card, "floating")
    wait_said(stack, "Layout: floating, chosen by")
    wait_layout(stack, FLOATING)
    stack.wait_for(lambda: "in a moment" not in stack.cards()[-1].said, what="the card")
    stack.after_queries(2)
    assert payload(stack.cards()[-1])["state"] == "recording"
    assert stack.alerts() == []


def test_a_refusal_is_told_in_the_thread_and_given_up(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("updateLayout", answer="invalid_parameter", times=None)
    choose(stack, card, "floating")
    stack.wait_for(lambda: lines(stack, "refused"), what="a line in the thread")
    (line,) = lines(stack, "refused")
    assert (line.thread_ts, line.broadcast, line.event_type) == (card.ts, False, None)
    assert stack.slack.person("ben").mention in line.said
    assert "invalid parameter" in line.said
    assert stack.alerts() == [], "nothing is lost by it"
    shown = wait_said(stack, "Layout: grid. Agora refused floating")
    assert shown.elements["change_layout"]["initial_option"]["text"]["text"] == "Layout: grid"
    stack.after_queries(3)
    assert len(stack.agora.requests("updateLayout")) == 1
    assert payload(stack.cards()[-1])["state"] == "recording"

    stack.agora.clear_faults()
    choose(stack, shown, "floating", by="ana")
    wait_layout(stack, FLOATING)
    wait_said(stack, "Layout: floating, chosen by")


def test_a_choice_outlives_the_bot(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("updateLayout", answer="internal_error", times=None)
    choose(stack, card, "floating")
    stack.wait_agora(lambda sim: sim.requests("updateLayout"))
    stack.stop()
    stack.agora.clear_faults()
    stack.restart()
    wait_layout(stack, FLOATING)
    wait_said(stack, "Layout: floating, chosen by")


def test_record_again_takes_the_options_along(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.command("start daily 1080p")
    card = stack.wait_red()
    choose(stack, card, "floating")
    wait_layout(stack, FLOATING)
    stack.command("stop")
    over = stack.wait_card("ended")
    stack.slack.person("ben").press(over, "record_again")
    stack.wait_agora(lambda sim: len(sim.requests("start")) == 2)
    wait_layout(stack, FLOATING)
    (recorder,) = stack.agora.running("daily")
    assert picture(recorder)["width"] == 1920
