"""Who may do what, and which Agora channels may be recorded: every rule about permissions, in one `Access.check`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from fnmatch import fnmatchcase
from typing import Protocol

from recordings.errors import PersonError
from recordings.model.requester import Requester, RequesterKind


class Action(Enum):
    """What a requester can ask for."""

    START = auto()
    STOP = auto()
    EXTEND = auto()
    CHANGE_LAYOUT = auto()
    GET_LINKS = auto()
    SEE_STATUS = auto()
    LIST = auto()
    SEE_DETAILS = auto()
    ACKNOWLEDGE = auto()
    RUN_DOCTOR = auto()
    """Only admins may; the command asks Slack for that itself, as the answer may take seconds."""
    GET_HELP = auto()


_MEMBERS_ONLY = frozenset({Action.START, Action.STOP, Action.EXTEND, Action.CHANGE_LAYOUT, Action.GET_LINKS})


class NotAllowed(PersonError):
    """A setting does not allow what the requester asks for."""


class OnlyMembers(NotAllowed):
    """The person is a guest, or belongs to another company."""


class ChannelNotAllowed(NotAllowed):
    """The name of the Agora channel fits none of the `patterns`."""

    def __init__(self, agora_channel: str, patterns: tuple[str, ...]) -> None:
        super().__init__(agora_channel)
        self.patterns = patterns


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack answers about a person."""

    guest: bool = False
    stranger: bool = False
    """They belong to another company and are here through a shared channel."""
    teams: frozenset[str] = frozenset()


class WhoIs(Protocol):
    """Asks Slack who a person is. Returns None if Slack does not answer within about a second."""

    def __call__(self, user: str, /) -> Profile | None: ...


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """Agora channels that may be recorded: those that match a shell pattern, or any if there is no pattern."""

    patterns: tuple[str, ...] = ()

    def check(self, agora_channel: str) -> None:
        """Raises `ChannelNotAllowed`. The match is case-sensitive, as Agora's names are."""
        if self.patterns and not any(fnmatchcase(agora_channel, pattern) for pattern in self.patterns):
            raise ChannelNotAllowed(agora_channel, self.patterns)


ANY_CHANNEL = ChannelRules()


@dataclass(frozen=True, slots=True)
class Access:
    """Decides about the person first, then about the Agora channel.

    Unless `guests_allowed`, only full members of the workspace may change something or get links. A person about whom
    Slack does not answer counts as a full member, unless the request itself names another company's team.
    """

    guests_allowed: bool
    who_is: WhoIs
    home: Callable[[], frozenset[str]]
    """The workspace that the app is installed in and its organisation; empty while they are not known."""
    channel_rules: ChannelRules = ANY_CHANNEL

    def check(self, requester: Requester, action: Action, target: str | None = None) -> Requester:
        """The requester, marked as admitted. `target` is the Agora channel, once the caller knows it.

        Listeners check without a target before they do anything else; a start checks again with its Agora channel.
        Raises `OnlyMembers`, `ChannelNotAllowed`.
        """
        if action in _MEMBERS_ONLY:
            requester = self._admit(requester)
        if action is Action.START and target is not None:
            self.channel_rules.check(target)
        return requester

    def _admit(self, requester: Requester) -> Requester:
        if self.guests_allowed or requester.admitted or requester.kind is not RequesterKind.SLACK_USER:
            return requester
        home, workspace = self.home(), frozenset({requester.workspace}) - {""}
        # In a shared channel the request can name a workspace of another company as its own, so a match with the
        # request's workspace is no proof: what Slack answers about the person decides.
        if _belongs_elsewhere(requester.teams, home | workspace):
            raise OnlyMembers(requester.id)
        profile = self.who_is(requester.id)
        if profile is not None and not _is_full_member(profile, home or workspace):
            raise OnlyMembers(requester.id)
        return replace(requester, admitted=True)


def _is_full_member(profile: Profile, home: frozenset[str]) -> bool:
    return not (profile.guest or profile.stranger or _belongs_elsewhere(profile.teams, home))


def _belongs_elsewhere(teams: frozenset[str], home: frozenset[str]) -> bool:
    return bool(teams and home) and not teams & home
