"""A workspace T1 and what Slack answers about its people."""

from __future__ import annotations

from dataclasses import dataclass, field

from recordings.model.requester import Requester, SlackChannelRef
from recordings.service.access import ANY_CHANNEL, Access, ChannelRules, Profile

HERE, THERE = SlackChannelRef("T1", "C1"), SlackChannelRef("T1", "C2")
"""Two Slack channels of the workspace."""


def user(name: str, slack_channel: SlackChannelRef = HERE) -> Requester:
    """A person of the workspace T1."""
    return Requester.slack_user(name, slack_channel, teams=frozenset({"T1"}), workspace="T1")


@dataclass
class Workspace:
    """Slack answers about `people` and about nobody else; `asked` holds every question."""

    people: dict[str, Profile] = field(default_factory=dict)
    home: frozenset[str] = frozenset({"T1"})
    guests_allowed: bool = False
    channel_rules: ChannelRules = ANY_CHANNEL
    asked: list[str] = field(default_factory=list)

    def who_is(self, user: str, /) -> Profile | None:
        self.asked.append(user)
        return self.people.get(user)

    @property
    def access(self) -> Access:
        return Access(self.guests_allowed, self.who_is, lambda: self.home, self.channel_rules)


def everybody() -> Access:
    """Allows everything."""
    return Workspace(guests_allowed=True).access
