"""Who may start, stop and get links, and what may be recorded."""

from __future__ import annotations

import pytest

from recordings.service.access import AllowedChannels, ChannelNotAllowed, OnlyMembers, Profile, Requester
from tests.fakes.access import Workspace

ANA = Requester("U1", frozenset({"T1"}), "T1")
MEMBER = Profile(teams=frozenset({"T1"}))
OUTSIDERS = {
    "guest": Profile(guest=True, teams=frozenset({"T1"})),
    "stranger": Profile(stranger=True),
    "of another company": Profile(teams=frozenset({"T9"})),
    "guest of another company": Profile(guest=True, teams=frozenset({"T9"})),
}


def may(workspace: Workspace, asker: Requester = ANA) -> bool:
    try:
        workspace.rights.check(asker)
    except OnlyMembers:
        return False
    return True


def test_a_full_member_may() -> None:
    assert may(Workspace({"U1": MEMBER}))


@pytest.mark.parametrize("who", OUTSIDERS)
def test_whom_slack_calls_a_guest_or_from_elsewhere_may_not(who: str) -> None:
    assert not may(Workspace({"U1": OUTSIDERS[who]}))


@pytest.mark.parametrize("who", OUTSIDERS)
def test_where_guests_are_allowed_everybody_may_and_slack_is_not_asked(who: str) -> None:
    workspace = Workspace({"U1": OUTSIDERS[who]}, guests=True)

    assert may(workspace)
    assert may(workspace, Requester("U1", frozenset({"T9"}), "T9"))
    assert workspace.asked == []


def test_whom_slack_does_not_tell_about_is_taken_for_a_full_member() -> None:
    assert may(Workspace())
    assert may(Workspace(), Requester("U1", frozenset()))


def test_who_is_shown_to_be_of_another_team_may_not_though_slack_tells_nothing() -> None:
    workspace = Workspace()

    assert not may(workspace, Requester("U1", frozenset({"T9"}), "T1"))
    assert workspace.asked == []


def test_the_workspace_that_a_request_comes_from_is_no_proof_against_anybody_but_what_slack_tells_is() -> None:
    assert may(Workspace(), Requester("U1", frozenset({"T9", "E9"}), "T9"))
    assert not may(Workspace({"U1": Profile(teams=frozenset({"T9"}))}), Requester("U1", frozenset({"T9"}), "T9"))
    assert not may(Workspace({"U1": OUTSIDERS["of another company"]}), Requester("U1", frozenset({"T1"}), "T1"))


def test_while_the_bots_own_workspace_is_not_known_the_one_that_the_request_came_from_counts() -> None:
    workspace = Workspace(home=frozenset())

    assert may(workspace)
    assert not may(workspace, Requester("U1", frozenset({"T9"}), "T1"))
    assert may(workspace, Requester("U1", frozenset({"T9"})))
    assert not may(Workspace({"U1": OUTSIDERS["of another company"]}, home=frozenset()))


def test_colleagues_from_another_workspace_of_the_organisation_are_no_strangers() -> None:
    home = frozenset({"T1", "E1"})
    colleague = Profile(teams=frozenset({"T2", "E1"}))

    assert may(Workspace({"U1": colleague}, home), Requester("U1", frozenset({"T2", "E1"}), "T2"))
    assert may(Workspace({"U1": colleague}, home), Requester("U1", frozenset({"E1"}), "T1"))
    assert not may(Workspace({}, home), Requester("U1", frozenset({"E9"}), "T1"))


@pytest.mark.parametrize("name", ["daily", "team-", "team-a b", "d1"])
def test_a_name_that_fits_a_pattern_may_be_recorded(name: str) -> None:
    AllowedChannels(("team-*", "daily", "d[0-9]")).check(name)


@pytest.mark.parametrize("name", ["Daily", "daily2", "my-team-a", "TEAM-a", "dx", "*", ""])
def test_any_other_name_may_not(name: str) -> None:
    with pytest.raises(ChannelNotAllowed) as refused:
        AllowedChannels(("team-*", "daily", "d[0-9]")).check(name)
    assert (str(refused.value), refused.value.patterns) == (name, ("team-*", "daily", "d[0-9]"))


def test_without_patterns_every_name_may() -> None:
    AllowedChannels().check("anything")
