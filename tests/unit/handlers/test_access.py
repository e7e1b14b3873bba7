"""A person who may not do something reads why, and the handler is not called."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.access import Guard
from handlers.app import BUTTON_ROUTES, COMMAND_ROUTES, OPTION_ROUTES
from handlers.commands.parser import Command
from handlers.requests import Press, SlackRequest
from messages.blocks import Message
from recordings.service.access import Action, ChannelNotAllowed, Profile
from tests.fakes.access import Workspace
from tests.fakes.slack import MESSAGE_CONFIG
from tests.fakes.slack_requests import a_command, a_press, press_payload

GUESTS = {"U1": Profile(guest=True, teams=frozenset({"T1"}))}
ORGANISATION = frozenset({"T1", "E1"})


def done(request: SlackRequest) -> Message:
    return Message("done")


def types(workspace: Workspace, text: str = "start daily", **facts: Any) -> str:
    action = COMMAND_ROUTES[Command.parse(text).verb].action
    return Guard(workspace.access, MESSAGE_CONFIG).answer(done, a_command(text, **facts), action).text


def presses(workspace: Workspace, action: Action = Action.STOP, **facts: Any) -> str:
    payload = press_payload() | {"user": {"id": "U1", "team_id": "T1"}} | facts
    return Guard(workspace.access, MESSAGE_CONFIG).answer(done, Press.parse(payload), action).text


@pytest.mark.parametrize(
    "text", ["", "  ", "start", "START daily", "  stop  ", "stop daily", "start\tdaily", "start two words"]
)
def test_a_guest_may_not_start_or_stop_and_reads_why(text: str) -> None:
    assert types(Workspace(GUESTS), text) == (
        "Guests can't start or stop recordings. Ask a member of this workspace to do it."
    )
    assert types(Workspace({}), text) == "done"


@pytest.mark.parametrize("text", ["help", "status", "Status daily", "list", "doctor", "sotp", "what is this"])
def test_everybody_may_look_and_slack_is_not_asked(text: str) -> None:
    workspace = Workspace(GUESTS)

    assert types(workspace, text) == "done"
    assert workspace.asked == []


def test_buttons_that_change_something_or_give_links_are_for_members() -> None:
    for_everybody = {route.action_id for route in BUTTON_ROUTES if presses(Workspace(GUESTS), route.action) == "done"}

    options = {route.prefix for route in OPTION_ROUTES if presses(Workspace(GUESTS), route.action) == "done"}

    assert for_everybody == {"list_next", "details", "take_alert", "help_options"}
    assert options == {"details:", "place:"}
    assert "Guests can't start or stop recordings" in presses(Workspace(GUESTS))
    assert presses(Workspace(GUESTS), Action.GET_LINKS).startswith("Guests can't get recordings.")
    assert presses(Workspace(GUESTS, guests_allowed=True)) == "done"


@pytest.mark.parametrize(
    "facts",
    [
        {"user": {"id": "U2", "team_id": "T9"}},
        {"user": {"id": "U2", "team_id": "E9"}, "enterprise": {"id": "E1"}},
    ],
)
def test_a_person_from_another_company_may_not_even_if_slack_does_not_answer(facts: dict[str, Any]) -> None:
    assert "Guests can't" in presses(Workspace(home=ORGANISATION), **facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"user": {"id": "U2", "team_id": "E1"}},
        {"user": {"id": "U2"}, "team": {"id": "T2"}, "enterprise": {"id": "E1"}},
        {"user": {"id": "U2"}, "team": None},
    ],
)
def test_a_person_from_the_same_organisation_may(facts: dict[str, Any]) -> None:
    assert presses(Workspace(home=ORGANISATION), **facts) == "done"


def test_the_team_of_a_command_counts_too() -> None:
    workspace = Workspace(home=ORGANISATION)

    assert types(workspace, team_id="T9", enterprise_id="E9") == "done", "Slack does not say who that is"
    assert types(workspace, team_id="T2", enterprise_id="E1") == "done"


def test_the_handler_gets_a_requester_about_whom_slack_is_not_asked_again() -> None:
    workspace = Workspace({"U1": Profile(teams=frozenset({"T1"}))})

    def starts(request: SlackRequest) -> Message:
        workspace.access.check(request.requester, Action.START, "daily")
        return Message("started")

    assert Guard(workspace.access, MESSAGE_CONFIG).answer(starts, a_command("start"), Action.START).text == "started"
    assert workspace.asked == ["U1"]


def test_the_allowed_channels_are_shown_shortened_and_escaped() -> None:
    patterns = ("<!channel>", "x" * 500, *(f"team-{number}" for number in range(50)))

    def answer(request: SlackRequest) -> Message:
        raise ChannelNotAllowed("<other>", patterns)

    reply = Guard(Workspace().access, MESSAGE_CONFIG).answer(answer, a_press(), Action.START).text
    assert reply.startswith("`&lt;other&gt;` can't be recorded here. Allowed: `&lt;!channel&gt;`, ")
    assert "`team-7` and 42 more" in reply
    assert reply.endswith("Ask your recording admin to add it.")
    assert len(reply) < 800
