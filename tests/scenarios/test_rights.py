"""Who may start and stop, and what may be recorded: whoever may not reads why, and nothing is written down."""

from __future__ import annotations

import http.client
import time

import pytest

from simulator.slack import Interaction, Message
from tests.scenarios.stack import Stack, payload, words

REFUSED = (
    "Only full members of this workspace may start or stop recordings here; ask one of them, or an admin can allow"
    " guests (ALLOW_GUESTS)."
)
OTHER_TEAM = "T0OTHER"
BY_EITHER_WAY = pytest.mark.parametrize("way", ["socket", "http"])
OUTSIDERS = pytest.mark.parametrize("who", ["gus", "uma", "eve"])
"""A guest, one of a single channel, and somebody from another company, all in #general."""


def start(stack: Stack, way: str, **settings: str) -> None:
    stack.slack.add_person("uma", single_channel_guest=True, channels=["general"])
    stack.slack.add_person("eve", team_id=OTHER_TEAM, channels=["general"])
    if way == "socket":
        stack.start(**settings)
        return
    stack.bot.start(SLACK_APP_TOKEN="", HTTP_PORT=str(port), **settings)
    stack.slack_server.use_http(f"http://127.0.0.1:{port}/slack/events")
    stack.wait_for(lambda: is_ready(port), what="a bot that is ready")


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def typed(stack: Stack, text: str, who: str) -> str:
    return words(stack.command(text, by=who, channel="general"))


def pressed(stack: Stack, card: Message, who: str) -> str:
    """What somebody reads who presses Stop on a card."""
    press = stack.press_stop(card, by=who)
    stack.wait_for(lambda: press.answers, what="words for the person")
    return words(press)


def nothing_written(stack: Stack) -> None:
    for table in ("recordings", "requests", "acts"):
        assert stack.bot.rows(f"SELECT * FROM {table}") == []  # noqa: S608 - names of ours
    assert stack.agora.requests() == []
    assert stack.slack.messages("general") == []


def not_stopped(stack: Stack) -> None:
    (row,) = stack.bot.rows("SELECT stop_wanted_at, stop_wanted_by FROM recordings")
    assert (row["stop_wanted_at"], row["stop_wanted_by"]) == (None, None)
    assert [row["what"] for row in stack.bot.rows("SELECT what FROM acts")] == ["started"]
    assert len(stack.agora.running()) == 1


# Guests and people from other companies


@BY_EITHER_WAY
def test_outsiders_start_nothing_and_read_why(stack: Stack, way: str) -> None:
    start(stack, way, port)
    for who in ("gus", "uma", "eve"):
        assert typed(stack, "start daily", who) == REFUSED
        assert typed(stack, "start", who) == REFUSED
        assert typed(stack, "stop", who) == REFUSED
    nothing_written(stack)


@BY_EITHER_WAY
def test_outsiders_stop_nothing_by_command_or_button_but_may_look(stack: Stack, way: str) -> None:
    start(stack, way, port)
    card = stack.recording(channel="general")
    for who in ("gus", "uma", "eve"):
        assert typed(stack, "stop", who) == REFUSED
        assert typed(stack, "stop daily", who) == REFUSED
        assert pressed(stack, card, who) == REFUSED
        assert "`daily`: recording" in typed(stack, "status", who)
        assert "/record start" in typed(stack, "help", who)
    stack.after_queries(2)
    not_stopped(stack)


@BY_EITHER_WAY
@OUTSIDERS
def test_where_guests_are_allowed_they_may_all_the_same(stack: Stack, way: str, who: str) -> None:
    start(stack, way, port, ALLOW_GUESTS="1")
    stack.agora.join("daily", 1001)
    typed(stack, "start daily", who)
    card = stack.wait_card("recording", channel="general")
    assert payload(card)["started_by"] == stack.slack.person(who).id

    assert stack.press_stop(card, by=who).acknowledged
    over = stack.wait_card("ended", channel="general")
    assert stack.slack.person(who).mention in over.said
    assert not stack.slack.calls_of("users.info"), "nobody has to be asked"


def test_a_list_that_somebody_had_before_they_became_a_guest_stops_nothing(stack: Stack) -> None:
    start(stack, "socket", port)
    stack.recording("one")
    stack.recording("two")
    listed = stack.command("stop", by="ben")
    assert listed.reply is not None
    stack.bot.stop()
    stack.slack.person("ben").user.guest = True
    stack.restart()

    reply = listed.reply
    stack.slack.person("ben").press(reply, "stop_recording")
    stack.wait_for(lambda: reply.said == REFUSED, what="the reason in place of the list")
    assert [row["what"] for row in stack.bot.rows("SELECT what FROM acts")] == ["started", "started"]


# Slack is slow, or does not tell


def quick(interaction: Interaction) -> str:
    assert interaction.latency is not None
    assert interaction.latency < 2.5
    return words(interaction)


def test_while_slack_does_not_say_who_is_a_guest_members_go_on_and_that_is_logged_once(stack: Stack) -> None:
    start(stack, "socket", port)
    fault = stack.slack.faults.add("users.info", hang=True)
    stack.agora.join("daily", 1001)
    assert "Asking Agora" in quick(stack.command("start daily", channel="general"))
    card = stack.wait_red(channel="general")
    quick(stack.command("start other", by="ben", channel="general"))
    assert stack.bot.log.count("people_unknown") == 1

    # Somebody whose request shows another team is refused without Slack's answer.
    assert pressed(stack, card, "eve") == REFUSED

    stack.slack.faults.clear(fault)
    stack.wait_for(lambda: typed(stack, "stop nothing", "gus") == REFUSED, what="Slack's word on gus")
    assert {row["who"] for row in stack.bot.rows("SELECT who FROM acts")} == {
        stack.slack.person("ana").id,
        stack.slack.person("ben").id,
    }


def test_many_commands_at_once_are_acknowledged_while_slack_does_not_say(stack: Stack) -> None:
    start(stack, "socket", port)
    stack.slack.faults.add("users.info", hang=True)
    people = [stack.slack.add_person(f"person{number}", channels=["general"]) for number in range(80)]
    asked = [person.command("/record", "stop", channel="general", wait=False) for person in people]

    stack.wait_for(lambda: all(each.latency is not None for each in asked), what="every answer")
    assert all(each.acknowledged for each in asked)
    assert max(each.latency or 0 for each in asked) < 3


def test_without_the_scope_members_go_on_and_other_teams_are_refused(stack: Stack) -> None:
    stack.slack.scopes.remove("users:read")
    start(stack, "socket", port)
    card = stack.recording(channel="general")
    assert pressed(stack, card, "eve") == REFUSED
    not_stopped(stack)
    words(stack.command("stop", by="ben", channel="general"))
    stack.wait_card("ended", channel="general")
    lines = [line for line in stack.bot.log.splitlines() if "people_unknown" in line]
    assert len(lines) == 1
    assert "missing_scope" in lines[0]


def test_slack_is_asked_once_for_many_commands(stack: Stack) -> None:
    start(stack, "socket", port)
    begun = time.monotonic()
    for _ in range(5):
        typed(stack, "stop", "ben")
    assert time.monotonic() - begun < 5
    assert len(stack.slack.calls_of("users.info")) == 1


# What may be recorded


@BY_EITHER_WAY
def test_only_channels_that_fit_a_pattern_are_recorded(stack: Stack, way: str) -> None:
    start(stack, way, port, ALLOWED_AGORA_CHANNELS="team-*, daily, <b>*")
    for text in ("start other", "start Daily", "start my-team-a", "start"):
        said = typed(stack, text, "ana")
        assert "is not one of the Agora channels that may be recorded: `team-*`, `daily`, `&lt;b&gt;*`" in said, text
    nothing_written(stack)

    typed(stack, "start team-a", "ana")
    card = stack.wait_card("recording", channel="general")
    assert payload(card)["agora_channel"] == "team-a"


def test_what_runs_can_be_stopped_though_it_may_not_be_recorded_any_more(stack: Stack) -> None:
    start(stack, "socket", port)
    stack.recording(channel="general")
    stack.bot.stop()
    stack.restart(ALLOWED_AGORA_CHANNELS="team-*")

    assert "may be recorded: `team-*`" in typed(stack, "start daily", "ana")
    assert "Stopping `daily`" in typed(stack, "stop daily", "ben")
    stack.wait_card("ended", channel="general")
