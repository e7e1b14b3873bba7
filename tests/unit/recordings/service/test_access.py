"""Who may do what, and which Agora channels may be recorded."""

from __future__ import annotations

import pytest

from recordings.model.requester import Requester, RequesterKind
from recordings.service.access import Action, ChannelNotAllowed, ChannelRules, OnlyMembers, Profile
from tests.fakes.access import HERE, Workspace

MEMBER = Profile(teams=frozenset({"T1"}))
GUEST = Profile(guest=True, teams=frozenset({"T1"}))
OF_ANOTHER_COMPANY = Profile(teams=frozenset({"T9"}))
OUTSIDERS = {
    "guest": GUEST,
    "stranger": Profile(stranger=True),
    "of another company": OF_ANOTHER_COMPANY,
    "guest of another company": Profile(guest=True, teams=frozenset({"T9"})),
}
MEMBERS_ONLY = {Action.START, Action.STOP, Action.EXTEND, Action.CHANGE_LAYOUT, Action.GET_LINKS}
RULES = ChannelRules(("team-*", "daily", "d[0-9]"))


def requester(*teams: str, workspace: str = "T1") -> Requester:
    return Requester.slack_user("U1", HERE, teams=frozenset(teams), workspace=workspace)


def may(workspace: Workspace, who: Requester | None = None) -> bool:
    try:
        workspace.access.check(who or requester("T1"), Action.START)
    except OnlyMembers:
        return False
    return True


# People


def test_a_full_member_may() -> None:
    assert may(Workspace({"U1": MEMBER}))


@pytest.mark.parametrize("who", OUTSIDERS)
def test_a_person_whom_slack_calls_a_guest_or_an_outsider_may_not(who: str) -> None:
    assert not may(Workspace({"U1": OUTSIDERS[who]}))


@pytest.mark.parametrize("who", OUTSIDERS)
def test_if_guests_are_allowed_everybody_may_and_slack_is_not_asked(who: str) -> None:
    workspace = Workspace({"U1": OUTSIDERS[who]}, guests_allowed=True)

    assert may(workspace)
    assert may(workspace, requester("T9", workspace="T9"))
    assert workspace.asked == []


def test_a_person_about_whom_slack_does_not_answer_counts_as_a_full_member() -> None:
    assert may(Workspace())
    assert may(Workspace(), requester(workspace=""))


def test_a_person_whose_request_names_another_team_may_not_even_if_slack_does_not_answer() -> None:
    workspace = Workspace()

    assert not may(workspace, requester("T9"))
    assert workspace.asked == []


def test_the_workspace_of_a_request_proves_nothing_but_the_profile_does() -> None:
    assert may(Workspace(), requester("T9", "E9", workspace="T9"))
    assert not may(Workspace({"U1": OF_ANOTHER_COMPANY}), requester("T9", workspace="T9"))
    assert not may(Workspace({"U1": OF_ANOTHER_COMPANY}), requester("T1"))


def test_while_the_bots_workspace_is_unknown_the_workspace_of_the_request_counts() -> None:
    workspace = Workspace(home=frozenset())

    assert may(workspace)
    assert not may(workspace, requester("T9"))
    assert may(workspace, requester("T9", workspace=""))
    assert not may(Workspace({"U1": OF_ANOTHER_COMPANY}, home=frozenset()))


def test_people_from_another_workspace_of_the_organisation_are_members() -> None:
    home = frozenset({"T1", "E1"})
    colleague = Profile(teams=frozenset({"T2", "E1"}))

    assert may(Workspace({"U1": colleague}, home), requester("T2", "E1", workspace="T2"))
    assert may(Workspace({"U1": colleague}, home), requester("E1"))
    assert not may(Workspace({}, home), requester("E9"))


@pytest.mark.parametrize("action", Action)
def test_guests_may_look_and_acknowledge_but_change_nothing_and_get_no_links(action: Action) -> None:
    workspace = Workspace({"U1": GUEST})

    if action in MEMBERS_ONLY:
        with pytest.raises(OnlyMembers):
            workspace.access.check(requester("T1"), action)
    else:
        workspace.access.check(requester("T1"), action)
        assert workspace.asked == []


def test_slack_is_asked_once_about_a_person_in_one_request() -> None:
    workspace = Workspace({"U1": MEMBER})

    admitted = workspace.access.check(requester("T1"), Action.START)
    workspace.access.check(admitted, Action.START, "daily")

    assert workspace.asked == ["U1"]


@pytest.mark.parametrize("kind", [kind for kind in RequesterKind if kind is not RequesterKind.SLACK_USER])
def test_slack_is_not_asked_about_requesters_who_are_no_slack_users(kind: RequesterKind) -> None:
    workspace = Workspace({"U1": GUEST}, channel_rules=RULES)
    other = Requester(kind=kind, id="U1", slack_channel=HERE)

    workspace.access.check(other, Action.START, "daily")
    with pytest.raises(ChannelNotAllowed):
        workspace.access.check(other, Action.START, "secret")
    assert workspace.asked == []


# Agora channels


@pytest.mark.parametrize("name", ["daily", "team-", "team-a b", "d1"])
def test_a_name_that_matches_a_pattern_may_be_recorded(name: str) -> None:
    RULES.check(name)


@pytest.mark.parametrize("name", ["Daily", "daily2", "my-team-a", "TEAM-a", "dx", "*", ""])
def test_any_other_name_may_not(name: str) -> None:
    with pytest.raises(ChannelNotAllowed) as refused:
        RULES.check(name)
    assert (str(refused.value), refused.value.patterns) == (name, ("team-*", "daily", "d[0-9]"))


def test_without_patterns_every_name_may_be_recorded() -> None:
    ChannelRules().check("anything")


def test_the_rules_are_about_a_start_and_come_after_those_about_people() -> None:
    workspace = Workspace({"U1": MEMBER, "U2": GUEST}, channel_rules=RULES)
    guest = Requester.slack_user("U2", HERE)

    with pytest.raises(ChannelNotAllowed):
        workspace.access.check(requester("T1"), Action.START, "secret")
    with pytest.raises(OnlyMembers):
        workspace.access.check(guest, Action.START, "secret")
    workspace.access.check(requester("T1"), Action.STOP, "secret")
