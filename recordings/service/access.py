"""Who may start, stop and get links, and which Agora channels may be recorded. Slack tells who somebody is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from recordings.errors import PersonError


class NotAllowed(PersonError):
    """Somebody asked for what a setting does not allow."""


class OnlyMembers(NotAllowed):
    """A guest, or somebody from another company."""


class ChannelNotAllowed(NotAllowed):
    """The name fits none of the `patterns`."""

    def __init__(self, agora_channel: str, patterns: tuple[str, ...]) -> None:
        super().__init__(agora_channel)
        self.patterns = patterns


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, as the request itself tells."""

    user: str
    teams: frozenset[str]
    """The workspace that the person is said to belong to, and its organisation; empty where that is not told."""
    asked_in: str = ""
    """The workspace that the request came from."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Who somebody is, as Slack tells when it is asked."""

    guest: bool = False
    stranger: bool = False
    teams: frozenset[str] = frozenset()


class WhoIs(Protocol):
    """Asks Slack who a person is; None where it does not tell within about a second."""

    def __call__(self, user: str, /) -> Profile | None: ...


@dataclass(frozen=True, slots=True)
class Access:
    """Guests and people from other companies may do nothing where `guests` is off.

    `home` gives the workspace that the app is installed in and its organisation, nothing while they are not known.
    Whom Slack does not tell about is taken for a full member, unless the request itself says otherwise.
    """

    guests: bool
    who_is: WhoIs
    home: Callable[[], frozenset[str]]

    def check(self, asker: Requester) -> None:
        """Raises `OnlyMembers` where this person may not start or stop recordings, nor get links."""
        if self.guests:
            return
        home, here = self.home(), frozenset({asker.asked_in}) - {""}
        # A request alone does not tell a workspace of ours from another's: what Slack says of the person does.
        if _from_elsewhere(asker.teams, home | here):
            raise OnlyMembers(asker.user)
        profile = self.who_is(asker.user)
        if profile is not None and not is_full_member(profile, home or here):
            raise OnlyMembers(asker.user)


def is_full_member(profile: Profile, home: frozenset[str]) -> bool:
    return not (profile.guest or profile.stranger or _from_elsewhere(profile.teams, home))


def _from_elsewhere(teams: frozenset[str], home: frozenset[str]) -> bool:
    return bool(teams and home) and not teams & home


@dataclass(frozen=True, slots=True)
class AllowedChannels:
    """Agora channels that may be recorded: those that fit a shell pattern, or any where there is none."""

    patterns: tuple[str, ...] = ()

    def check(self, agora_channel: str) -> None:
        """Raises `ChannelNotAllowed`. Capital letters count, as they do at Agora."""
        if self.patterns and not any(fnmatchcase(agora_channel, pattern) for pattern in self.patterns):
            raise ChannelNotAllowed(agora_channel, self.patterns)
