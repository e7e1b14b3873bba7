"""Slack's requests over HTTP: each kind of payload is read, answered within 3 s, and done.

What each button, menu and form does is the matter of tests/scenarios; here a real process takes them over HTTP.
"""

from __future__ import annotations

import pytest

from tests.system.conftest import Office, payload, words
from tests.system.doors import Door


@pytest.fixture
def office_over_http(office: Office, port: int) -> Office:
    return Door(office, "http", port).open()


def test_a_command_is_answered_in_the_response(office_over_http: Office) -> None:
    office = office_over_http
    typed = office.command("start daily")
    assert "Asking Agora to record `daily`" in words(typed)
    assert typed.reply is not None
    office.wait_card("recording")


def test_a_button_stops_the_recording_once(office_over_http: Office) -> None:
    office = office_over_http
    card = office.recording()
    pressed = office.press_stop(card)
    assert pressed.acknowledged
    assert pressed.repeat().acknowledged
    assert office.slack.person("ben").mention in office.wait_card("ended", reason="stopped").said
    late = office.press_stop(card, stale=True)
    office.slack.wait_for(lambda: "is over" in words(late), what="that it is over")


def test_a_menu_changes_the_layout(office_over_http: Office) -> None:
    office = office_over_http
    card = office.recording()
    menu = card.elements["change_layout"]
    (value,) = [option["value"] for option in menu["options"] if option["value"].startswith("floating")]
    assert office.slack.person("ben").choose(card, "change_layout", value).acknowledged
    office.wait_agora(lambda agora: [one for one in agora.running("daily") if one.layout["mixedVideoLayout"] == 0])


def test_an_overflow_menu_is_answered_to_the_person_alone(office_over_http: Office) -> None:
    office = office_over_http
    card = office.recording()
    chosen = office.slack.person("ben").choose(card, "more", "Details")
    office.slack.wait_for(lambda: chosen.answers, what="the details")
    assert payload(card)["sid"] in words(chosen)


def test_a_form_is_answered_with_errors_at_its_fields_or_starts_one_recording(office_over_http: Office) -> None:
    office = office_over_http
    ana = office.slack.person("ana")
    assert words(office.command("")) == ""
    view = office.slack.wait_for(lambda: ana.modal, what="an open form")
    assert view is not None
    wrong = ana.submit(view, {"length": "soon"})
    assert wrong.acknowledged
    assert list(wrong.errors) == ["length"]
    assert view.open
    accepted = ana.submit(view, {"length": "45m"})
    assert accepted.acknowledged
    assert not accepted.delivery.response
    assert not view.open
    office.wait_card("recording")
    repeated = accepted.repeat()
    assert repeated.acknowledged
    assert not repeated.response
    assert len(office.bot.rows("SELECT id FROM recordings")) == 1
