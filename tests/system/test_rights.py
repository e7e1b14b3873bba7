"""Who may start and stop, and what may be recorded: whoever may not reads why, and nothing is written down."""

from __future__ import annotations

import http.client
import time

import pytest

from simulator.slack import Interaction, Message
from tests.system.conftest import Office, payload, words

REFUSED = (
    "Only full members of this workspace may start or stop recordings here; ask one of them, or an admin can allow"
    " guests (ALLOW_GUESTS)."
)
OTHER_TEAM = "T0OTHER"
BY_EITHER_WAY = pytest.mark.parametrize("way", ["socket", "http"])
OUTSIDERS = pytest.mark.parametrize("who", ["gus", "uma", "eve"])
"""A guest, one of a single channel, and somebody from another company, all in #general."""


def start(office: Office, way: str, port: int, **settings: str) -> None:
    office.slack.add_person("uma", single_channel_guest=True, channels=["general"])
    office.slack.add_person("eve", team_id=OTHER_TEAM, channels=["general"])
    if way == "socket":
        office.start(**settings)
        return
    office.bot.start(SLACK_APP_TOKEN="", HTTP_PORT=str(port), **settings)
    office.slack_server.use_http(f"http://127.0.0.1:{port}/slack/events")
    office.slack.wait_for(lambda: is_ready(port), timeout=20, what="a bot that is ready")


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def typed(office: Office, text: str, who: str) -> str:
    return words(office.command(text, by=who, channel="general"))


def pressed(office: Office, card: Message, who: str) -> str:
    """What somebody reads who presses Stop on a card."""
    press = office.press_stop(card, by=who)
    office.slack.wait_for(lambda: press.answers, what="words for the person")
    return words(press)


def nothing_written(office: Office) -> None:
    for table in ("recordings", "requests", "acts"):
        assert office.bot.rows(f"SELECT * FROM {table}") == []  # noqa: S608 - names of ours
    assert office.agora.requests() == []
    assert office.slack.messages("general") == []


def not_stopped(office: Office) -> None:
    (row,) = office.bot.rows("SELECT stop_wanted_at, stop_wanted_by FROM recordings")
    assert (row["stop_wanted_at"], row["stop_wanted_by"]) == (None, None)
    assert [row["what"] for row in office.bot.rows("SELECT what FROM acts")] == ["started"]
    assert len(office.agora.running()) == 1


# Guests and people from other companies


@BY_EITHER_WAY
def test_outsiders_start_nothing_and_read_why(office: Office, way: str, port: int) -> None:
    start(office, way, port)
    for who in ("gus", "uma", "eve"):
        assert typed(office, "start daily", who) == REFUSED
        assert typed(office, "start", who) == REFUSED
        assert typed(office, "stop", who) == REFUSED
    nothing_written(office)


@BY_EITHER_WAY
def test_outsiders_stop_nothing_by_command_or_button_but_may_look(office: Office, way: str, port: int) -> None:
    start(office, way, port)
    card = office.recording(channel="general")
    for who in ("gus", "uma", "eve"):
        assert typed(office, "stop", who) == REFUSED
        assert typed(office, "stop daily", who) == REFUSED
        assert pressed(office, card, who) == REFUSED
        assert "`daily`: recording" in typed(office, "status", who)
        assert "/record start" in typed(office, "help", who)
    office.after_queries(2)
    not_stopped(office)


@BY_EITHER_WAY
@OUTSIDERS
def test_where_guests_are_allowed_they_may_all_the_same(office: Office, way: str, port: int, who: str) -> None:
    start(office, way, port, ALLOW_GUESTS="1")
    office.agora.join("daily", 1001)
    typed(office, "start daily", who)
    card = office.wait_card("recording", channel="general")
    assert payload(card)["started_by"] == office.slack.person(who).id

    assert office.press_stop(card, by=who).acknowledged
    over = office.wait_card("ended", channel="general")
    assert office.slack.person(who).mention in over.said
    assert not office.slack.calls_of("users.info"), "nobody has to be asked"


def test_a_list_that_somebody_had_before_they_became_a_guest_stops_nothing(office: Office, port: int) -> None:
    start(office, "socket", port)
    office.recording("one")
    office.recording("two")
    listed = office.command("stop", by="ben")
    assert listed.reply is not None
    office.bot.stop()
    office.slack.person("ben").user.guest = True
    office.restart()

    reply = listed.reply
    office.slack.person("ben").press(reply, "stop_recording")
    office.slack.wait_for(lambda: reply.said == REFUSED, what="the reason in place of the list")
    assert [row["what"] for row in office.bot.rows("SELECT what FROM acts")] == ["started", "started"]


# Slack is slow, or does not tell


def quick(interaction: Interaction) -> str:
    assert interaction.latency is not None
    assert interaction.latency < 2.5
    return words(interaction)


def test_while_slack_does_not_say_who_is_a_guest_members_go_on_and_that_is_logged_once(
    office: Office, port: int
) -> None:
    start(office, "socket", port)
    fault = office.slack.faults.add("users.info", hang=True)
    office.agora.join("daily", 1001)
    assert "Asking Agora" in quick(office.command("start daily", channel="general"))
    card = office.wait_red(channel="general")
    quick(office.command("start other", by="ben", channel="general"))
    assert office.bot.log.count("profile_lookup_failed") == 1

    # Somebody whose request shows another team is refused without Slack's answer.
    assert pressed(office, card, "eve") == REFUSED

    office.slack.faults.clear(fault)
    office.slack.wait_for(lambda: typed(office, "stop nothing", "gus") == REFUSED, what="Slack's word on gus")
    assert {row["who"] for row in office.bot.rows("SELECT who FROM acts")} == {
        office.slack.person("ana").id,
        office.slack.person("ben").id,
    }


def test_many_commands_at_once_are_acknowledged_while_slack_does_not_say(office: Office, port: int) -> None:
    start(office, "socket", port)
    office.slack.faults.add("users.info", hang=True)
    people = [office.slack.add_person(f"person{number}", channels=["general"]) for number in range(80)]
    asked = [person.command("/record", "stop", channel="general", wait=False) for person in people]

    office.slack.wait_for(lambda: all(each.latency is not None for each in asked), what="every answer")
    assert all(each.acknowledged for each in asked)
    assert max(each.latency or 0 for each in asked) < 3


def test_without_the_scope_members_go_on_and_other_teams_are_refused(office: Office, port: int) -> None:
    office.slack.scopes.remove("users:read")
    start(office, "socket", port)
    card = office.recording(channel="general")
    assert pressed(office, card, "eve") == REFUSED
    not_stopped(office)
    words(office.command("stop", by="ben", channel="general"))
    office.wait_card("ended", channel="general")
    lines = [line for line in office.bot.log.splitlines() if "profile_lookup_failed" in line]
    assert len(lines) == 1
    assert "missing_scope" in lines[0]


def test_slack_is_asked_once_for_many_commands(office: Office, port: int) -> None:
    start(office, "socket", port)
    begun = time.monotonic()
    for _ in range(5):
        typed(office, "stop", "ben")
    assert time.monotonic() - begun < 5
    assert len(office.slack.calls_of("users.info")) == 1


# What may be recorded


@BY_EITHER_WAY
def test_only_channels_that_fit_a_pattern_are_recorded(office: Office, way: str, port: int) -> None:
    start(office, way, port, ALLOWED_AGORA_CHANNELS="team-*, daily, <b>*")
    for text in ("start other", "start Daily", "start my-team-a", "start"):
        said = typed(office, text, "ana")
        assert "is not one of the Agora channels that may be recorded: `team-*`, `daily`, `&lt;b&gt;*`" in said, text
    nothing_written(office)

    typed(office, "start team-a", "ana")
    card = office.wait_card("recording", channel="general")
    assert payload(card)["agora_channel"] == "team-a"


def test_what_runs_can_be_stopped_though_it_may_not_be_recorded_any_more(office: Office, port: int) -> None:
    start(office, "socket", port)
    office.recording(channel="general")
    office.bot.stop()
    office.restart(ALLOWED_AGORA_CHANNELS="team-*")

    assert "may be recorded: `team-*`" in typed(office, "start daily", "ana")
    assert "Stopping `daily`" in typed(office, "stop daily", "ben")
    office.wait_card("ended", channel="general")
