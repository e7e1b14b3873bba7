"""Who asks for something, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RequesterKind(StrEnum):
    """The kinds of requester. Only a Slack user has teams and a profile at Slack."""

    SLACK_USER = "slack_user"
    API_KEY = "api_key"
    APP_USER = "app_user"
    RULE = "rule"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class SlackChannelRef:
    """A Slack channel and the workspace that the request names for it."""

    team: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks, in which Slack channel, and what the request itself says of their teams."""

    kind: RequesterKind
    id: str
    """As `started_by` and `stop_by` store it: for a Slack user their Slack user id."""
    slack_channel: SlackChannelRef
    display_name: str = ""
    teams: frozenset[str] = frozenset()
    """The workspace that the request says the person belongs to, and its organisation; empty where it says neither."""
    workspace: str = ""
    """The workspace that the request came from. A shared channel carries requests of other companies' workspaces."""
    admitted: bool = False
    """`Access` has let them through in this request, so that it does not ask Slack about them twice."""

    @classmethod
    def slack_user(
        cls,
        user: str,
        slack_channel: SlackChannelRef,
        *,
        display_name: str = "",
        teams: frozenset[str] = frozenset(),
        workspace: str = "",
    ) -> Requester:
        return cls(
            kind=RequesterKind.SLACK_USER,
            id=user,
            slack_channel=slack_channel,
            display_name=display_name,
            teams=teams,
            workspace=workspace,
        )
