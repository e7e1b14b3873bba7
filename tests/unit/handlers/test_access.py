"""Who may not reads why, and nothing is asked for in their name."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.access import GET_LINKS, Gate
from messages.blocks import Message
from recordings.service.access import ChannelNotAllowed, Profile
from tests.fakes.access import Workspace

GUESTS = {"U1": Profile(guest=True, teams=frozenset({"T1"}))}
COMMAND = {"text": "start daily", "user_id": "U1", "team_id": "T1"}
PRESS = {"user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}, "enterprise": None}


def answered(body: dict[str, Any]) -> Message:
    return Message("done")


def typed(workspace: Workspace, **facts: Any) -> str:
    return Gate(workspace.rights).command(answered, COMMAND | facts).text


def pressed(workspace: Workspace, **facts: Any) -> str:
    return Gate(workspace.rights).press(answered, PRESS | facts).text


@pytest.mark.parametrize(
    "text", ["", "  ", "start", "START daily", "  stop  ", "stop daily", "start\tdaily", "start two words"]
)
def test_a_guest_may_not_start_or_stop_and_reads_why(text: str) -> None:
    said = typed(Workspace(GUESTS), text=text)

    assert said == (
        "Only full members of this workspace may start or stop recordings here; ask one of them, or an admin can allow"
        " guests (ALLOW_GUESTS)."
    )
    assert typed(Workspace({}), text=text) == "done"


@pytest.mark.parametrize("text", ["help", "status", "Status daily", "doctor", "sotp", "what is this"])
def test_the_rest_is_for_everybody_and_slack_is_not_asked(text: str) -> None:
    workspace = Workspace(GUESTS)

    assert typed(workspace, text=text) == "done"
    assert workspace.asked == []


def test_a_guest_may_not_press_either() -> None:
    assert "start or stop recordings here" in pressed(Workspace(GUESTS))
    assert pressed(Workspace(GUESTS, guests=True)) == "done"

    links = Gate(Workspace(GUESTS).rights).press(answered, PRESS, GET_LINKS)
    assert links.text.startswith("Only full members of this workspace may get links to recordings here;")


@pytest.mark.parametrize(
    "facts",
    [
        {"user": {"id": "U2", "team_id": "T9"}},
        {"user": {"id": "U2", "team_id": "E9"}, "enterprise": {"id": "E1"}},
    ],
)
def test_somebody_from_another_company_may_not_though_slack_tells_nothing_of_them(facts: dict[str, Any]) -> None:
    assert "Only full members" in pressed(Workspace(home=frozenset({"T1", "E1"})), **facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"user": {"id": "U2", "team_id": "E1"}},
        {"user": {"id": "U2"}, "team": {"id": "T2"}, "enterprise": {"id": "E1"}},
        {"user": {"id": "U2"}, "team": None},
    ],
)
def test_a_colleague_from_the_same_organisation_may(facts: dict[str, Any]) -> None:
    assert pressed(Workspace(home=frozenset({"T1", "E1"})), **facts) == "done"


def test_the_team_of_a_command_is_looked_at_too() -> None:
    workspace = Workspace(home=frozenset({"T1", "E1"}))

    assert typed(workspace, team_id="T9", enterprise_id="E9") == "done", "Slack did not say who that is"
    assert typed(workspace, team_id="T2", enterprise_id="E1") == "done"


def test_which_channels_may_be_recorded_is_told_cut_and_escaped() -> None:
    patterns = ("<!channel>", "x" * 500, *(f"team-{number}" for number in range(50)))

    def answer(body: dict[str, Any]) -> Message:
        raise ChannelNotAllowed("<other>", patterns)

    said = Gate(Workspace().rights).command(answer, COMMAND).text
    assert said.startswith(
        "`&lt;other&gt;` is not one of the Agora channels that may be recorded: `&lt;!channel&gt;`, "
    )
    assert "`team-7` and 42 more" in said
    assert len(said) < 800
