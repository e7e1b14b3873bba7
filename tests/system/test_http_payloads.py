"""Slack's requests over HTTP: each kind of payload is read, answered within 3 s, and done.

What each button, menu and form does is the matter of tests/scenarios; here a real process takes them over HTTP.
"""

from __future__ import annotations

import pytest

from tests.system.conftest import Stack, payload, words


@pytest.fixture
def http_stack(stack: Stack, port: int) -> Stack:
    return stack.start_over_http(port)


def test_a_command_is_answered_in_the_response(http_stack: Stack) -> None:
    stack = http_stack
    typed = stack.command("start daily")
    assert "Starting to record *daily*" in words(typed)
    assert typed.reply is not None
    stack.wait_card("recording")


def test_a_button_stops_the_recording_once(http_stack: Stack) -> None:
    stack = http_stack
    card = stack.recording()
    pressed = stack.press_stop(card)
    assert pressed.acknowledged
    assert pressed.repeat().acknowledged
    assert stack.slack.person("ben").mention in stack.wait_card("ended", reason="stopped").said
    late = stack.press_stop(card, stale=True)
    stack.slack.wait_for(lambda: "is over" in words(late), what="that it is over")


def test_a_menu_changes_the_layout(http_stack: Stack) -> None:
    stack = http_stack
    card = stack.recording()
    ben = stack.slack.person("ben")
    opened = ben.choose(card, "more", "Change layout")
    (menu,) = stack.slack.wait_for(lambda: opened.answers, what="the layouts") or []
    assert ben.choose(menu, "change_layout", "Floating").acknowledged
    stack.wait_agora(lambda agora: [one for one in agora.running("daily") if one.layout["mixedVideoLayout"] == 0])


def test_an_overflow_menu_is_answered_to_the_person_alone(http_stack: Stack) -> None:
    stack = http_stack
    card = stack.recording()
    chosen = stack.slack.person("ben").choose(card, "more", "Show details")
    stack.slack.wait_for(lambda: chosen.answers, what="the details")
    assert payload(card)["sid"] in words(chosen)


def test_a_form_is_answered_with_errors_at_its_fields_or_starts_one_recording(http_stack: Stack) -> None:
    stack = http_stack
    ana = stack.slack.person("ana")
    assert words(stack.command("")) == ""
    view = stack.slack.wait_for(lambda: ana.modal, what="an open form")
    assert view is not None
    wrong = ana.submit(view, {"length": "soon"})
    assert wrong.acknowledged
    assert list(wrong.errors) == ["length"]
    assert view.open
    accepted = ana.submit(view, {"length": "45m"})
    assert accepted.acknowledged
    assert not accepted.delivery.response
    assert not view.open
    stack.wait_card("recording")
    repeated = accepted.repeat()
    assert repeated.acknowledged
    assert not repeated.response
    assert len(stack.bot.rows("SELECT id FROM recordings")) == 1
