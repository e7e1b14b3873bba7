"""Who may start and stop, and which calls may be recorded: a refused person reads why, and nothing is stored."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from recordings.model.audit import AuditAction
from simulator.slack import Message
from tests.scenarios.stack import Stack, payload, words

REFUSED = "Guests can't start or stop recordings. Ask a member of this workspace to do it."
OTHER_TEAM = "T0OTHER"
OUTSIDERS = ("gus", "uma", "eve")
"""A guest, a guest of a single channel, and somebody from another company, all in #general."""


@pytest.fixture(autouse=True)
def outsiders(stack: Stack) -> None:
    stack.slack.add_person("uma", single_channel_guest=True, channels=["general"])
    stack.slack.add_person("eve", team_id=OTHER_TEAM, channels=["general"])


def typed(stack: Stack, text: str, who: str) -> str:
    return words(stack.command(text, by=who, channel="general"))


def pressed(stack: Stack, card: Message, who: str) -> str:
    """What somebody reads who presses Stop on a card."""
    return stack.answer(stack.press_stop(card, by=who))


def check_nothing_stored(stack: Stack) -> None:
    assert stack.rows("general") == []
    assert stack.audit() == []
    assert stack.agora.requests() == []
    assert stack.slack.messages("general") == []


def check_not_stopped(stack: Stack) -> None:
    (row,) = stack.rows("general")
    assert (row.intent.stop_at, row.intent.stop_by) == (None, None)
    assert [event.what for event in stack.audit()] == [AuditAction.STARTED]
    assert len(stack.agora.running()) == 1


# Guests and people from other companies


def test_an_outsider_starts_nothing_and_reads_why(stack: Stack) -> None:
    stack.start()
    for who in OUTSIDERS:
        for text in ("start daily", "start", "stop"):
            assert typed(stack, text, who) == REFUSED, (who, text)
    check_nothing_stored(stack)


def test_an_outsider_stops_nothing_and_may_look(stack: Stack) -> None:
    stack.start()
    card = stack.recording(channel="general")
    for who in OUTSIDERS:
        assert typed(stack, "stop", who) == REFUSED
        assert typed(stack, "stop daily", who) == REFUSED
        assert pressed(stack, card, who) == REFUSED
        assert "*daily* · Recording since" in typed(stack, "status", who)
        assert "/record start" in typed(stack, "help", who)
    stack.after_queries(2)
    check_not_stopped(stack)


@pytest.mark.parametrize("who", OUTSIDERS)
def test_where_guests_are_allowed_everybody_may(stack: Stack, who: str) -> None:
    stack.start(ALLOW_GUESTS="1")
    stack.agora.join("daily", 1001)
    typed(stack, "start daily", who)
    card = stack.wait_card("recording", channel="general")
    assert payload(card)["started_by"] == stack.slack.person(who).id
    assert stack.press_stop(card, by=who).acknowledged
    over = stack.wait_card("ended", channel="general")
    assert stack.slack.person(who).mention in over.said
    assert not stack.slack.calls_of("users.info"), "nobody has to be looked up"


def test_a_list_from_before_its_reader_became_a_guest_stops_nothing(stack: Stack) -> None:
    stack.start()
    stack.recording("one")
    stack.recording("two")
    reply = stack.command("stop", by="ben").reply
    assert reply is not None
    stack.stop()
    stack.slack.person("ben").user.guest = True
    stack.start()
    stack.press(reply, "stop_recording")
    stack.wait_for(lambda: reply.said == REFUSED, what="the reason in place of the list")
    assert [event.what for event in stack.audit()] == [AuditAction.STARTED] * 2


# Slack does not answer


def test_while_slack_does_not_answer_members_may_and_that_is_logged_once(stack: Stack) -> None:
    with capture_logs() as logs:
        stack.start()
        fault = stack.slack.faults.add("users.info", hang=True)
        stack.agora.join("daily", 1001)
        assert "Starting to record" in typed(stack, "start daily", "ana")
        card = stack.wait_red(channel="general")
        typed(stack, "start other", "ben")
        assert [log["event"] for log in logs].count("profile_lookup_failed") == 1
        assert pressed(stack, card, "eve") == REFUSED, "the request itself shows another team"
        stack.slack.faults.clear(fault)
        stack.wait_for(lambda: typed(stack, "stop nothing", "gus") == REFUSED, what="Slack's answer about gus")
    members = {stack.slack.person(name).id for name in ("ana", "ben")}
    assert {event.who for event in stack.audit()} == members


def test_without_the_scope_members_may_and_other_teams_are_refused(stack: Stack) -> None:
    stack.slack.scopes.remove("users:read")
    with capture_logs() as logs:
        stack.start()
        card = stack.recording(channel="general")
        assert pressed(stack, card, "eve") == REFUSED
        check_not_stopped(stack)
        typed(stack, "stop", "ben")
        stack.wait_card("ended", channel="general")
    errors = [log["error"] for log in logs if log["event"] == "profile_lookup_failed"]
    assert errors == ["missing_scope"]


def test_slack_is_asked_once_for_many_commands_of_a_person(stack: Stack) -> None:
    stack.start()
    for _ in range(5):
        typed(stack, "stop", "ben")
    assert len(stack.slack.calls_of("users.info")) == 1


# Which calls may be recorded


def test_only_calls_that_match_a_pattern_are_recorded(stack: Stack) -> None:
    stack.start(ALLOWED_AGORA_CHANNELS="team-*, daily, <b>*")
    for text in ("start other", "start Daily", "start my-team-a", "start"):
        answer = typed(stack, text, "ana")
        assert "can't be recorded here. Allowed: `team-*`, `daily`, `&lt;b&gt;*`. Ask your recording admin" in answer, (
            text
        )
    check_nothing_stored(stack)
    typed(stack, "start team-a", "ana")
    card = stack.wait_card("recording", channel="general")
    assert payload(card)["agora_channel"] == "team-a"


def test_a_running_recording_can_be_stopped_though_its_call_is_no_longer_allowed(stack: Stack) -> None:
    stack.start()
    stack.recording(channel="general")
    stack.restart(ALLOWED_AGORA_CHANNELS="team-*")
    assert "Allowed: `team-*`" in typed(stack, "start daily", "ana")
    assert "Stopping *daily*" in typed(stack, "stop daily", "ben")
    stack.wait_card("ended", channel="general")
