"""What Slack knows about people, channels and the bot itself: asked with a timeout, profiles remembered for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LookupTimeout
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from http.client import HTTPException
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from recordings.errors import PersonError
from recordings.ports import Clock
from recordings.service.access import Profile

_TIMEOUT_SECONDS = 1.0
_PAUSE_SECONDS = 3.0
"""After a timeout nobody waits for this long: otherwise many commands at once would wait for each other's threads."""
_MAX_AGE_SECONDS = 600.0
_MAX_PROFILES = 5_000
_THREADS = 8
_NO_ANSWER = "no_answer"
_log = structlog.get_logger(__name__)


class Profiles:
    """Answers within a second, as Slack waits 3 seconds for the acknowledgement of a command.

    An answer that comes later is remembered for the next request.
    """

    def __init__(self, client: WebClient, clock: Clock, max_profiles: int = _MAX_PROFILES) -> None:
        self.timeout = _TIMEOUT_SECONDS
        self._client = client
        self._clock = clock
        self._max_profiles = max_profiles
        self._known: OrderedDict[str, tuple[float, Profile]] = OrderedDict()
        """By user, least recently asked first: when Slack answered, in monotonic seconds, and what."""
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="profiles")
        self._problem = ""
        self._paused_until = 0.0

    def __call__(self, user: str, /) -> Profile | None:
        """The profile; the last known one if Slack does not answer, or None if there is none."""
        now = self._clock.monotonic()
        with self._lock:
            answered_at, profile = self._known.get(user, (0.0, None))
            paused = now < self._paused_until
        if paused or (profile is not None and now < answered_at + _MAX_AGE_SECONDS):
            return profile
        lookup = self._threads.submit(self._ask, user)
        try:
            return lookup.result(self.timeout) or profile
        except LookupTimeout:
            lookup.cancel()
            self._report(_NO_ANSWER)
            self._paused_until = self._clock.monotonic() + _PAUSE_SECONDS
            return profile

    def _ask(self, user: str) -> Profile | None:
        try:
            profile = _profile(self._client.users_info(user=user)["user"])
        except SlackApiError as error:
            self._report(str(error.response.get("error")))
            return None
        except (SlackClientError, OSError, HTTPException, ValueError, KeyError):
            self._report(_NO_ANSWER)
            return None
        self._remember(user, profile)
        return profile

    def _remember(self, user: str, profile: Profile) -> None:
        with self._lock:
            self._known[user] = self._clock.monotonic(), profile
            self._known.move_to_end(user)
            while len(self._known) > self._max_profiles:
                self._known.popitem(last=False)
            self._problem, self._paused_until = "", 0.0

    def _report(self, problem: str) -> None:
        """Logs a problem once, until Slack answers again."""
        with self._lock:
            reported, self._problem = self._problem, problem
        if problem != reported:
            _log.warning("profile_lookup_failed", error=problem, taken_for="full members")


def _profile(user: Any) -> Profile:
    """From `users.info`. An organisation's people belong to several workspaces: `enterprise_user`."""
    if not isinstance(user, dict):
        raise ValueError("no user")
    enterprise = user.get("enterprise_user") or {}
    teams = {user.get("team_id"), enterprise.get("enterprise_id"), *(enterprise.get("teams") or ())}
    return Profile(
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        stranger=bool(user.get("is_stranger")),
        teams=frozenset(team for team in teams if team),
    )


_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot user."""

    user_id: str = ""
    name: str = "recorder"
    """What people type to invite it."""
    home: frozenset[str] = frozenset()
    """Its workspace and its organisation; empty while they are not known."""
    team: str = ""
    """The name of its workspace."""


class Identity:
    """The bot user, once Slack has answered; until then `problem` says why it has not."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._thread = threading.Thread(target=self._ask, name="identity", daemon=True)
        self.bot = Bot()
        self.problem = "not asked yet"

    def start(self) -> None:
        self._thread.start()

    def _ask(self) -> None:
        wait = _FIRST_WAIT
        while self.problem:
            try:
                answer = self._client.auth_test()
                home = frozenset(str(answer[name]) for name in ("team_id", "enterprise_id") if answer.get(name))
                self.bot = Bot(str(answer["user_id"]), str(answer["user"]), home, str(answer.get("team") or ""))
                self.problem = ""
            except SlackApiError as error:
                self.problem = str(error.response.get("error"))
            except (SlackClientError, OSError, HTTPException, ValueError, KeyError) as error:
                self.problem = type(error).__name__
            if self.problem:
                _log.warning("identity_lookup_failed", error=self.problem, again_in=wait)
                threading.Event().wait(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
        _log.info("identity_known", bot=self.bot.name)


class NotInChannel(PersonError):
    """Slack says that the bot is not in the channel, so it can't post there. `is_conversation`: between people."""

    def __init__(self, channel: str, *, is_conversation: bool) -> None:
        super().__init__(channel)
        self.is_conversation = is_conversation


ChannelName = Callable[[str, str], str | None]
"""The name of a Slack channel, from its id and the name in the request; None if it can't be known.
Raises `NotInChannel` if the bot is known not to be there."""
_DIRECT_MESSAGE, _GROUP_MESSAGE = "directmessage", "mpdm-"
_NOT_THERE = frozenset({"channel_not_found", "not_in_channel"})
_HIDDEN = ("privategroup", _DIRECT_MESSAGE)
"""A command has such a `channel_name` instead of the real one (docs.slack.dev, slash commands). A channel can be named
with one of these words in front, so Slack is asked about all of them."""


@dataclass(frozen=True, slots=True)
class ChannelNames:
    """Asks Slack only if the command does not name the channel: a private one, or a conversation.

    The client's timeout has to be about a second.
    """

    client: WebClient

    def __call__(self, channel_id: str, named: str) -> str | None:
        """`named`: the name in the command. A conversation between people has no name.

        Raises `NotInChannel` if Slack says so. A channel that the command names is public: the bot may post there.
        """
        is_conversation = named == _DIRECT_MESSAGE or named.startswith(_GROUP_MESSAGE)
        if named not in ("", "group") and not is_conversation and not named.startswith(_HIDDEN):
            return named
        try:
            channel = self.client.conversations_info(channel=channel_id)["channel"]
        except SlackApiError as error:
            if error.response.get("error") in _NOT_THERE:
                raise NotInChannel(channel_id, is_conversation=is_conversation) from None
            return None
        except (SlackClientError, OSError, HTTPException, ValueError):
            return None
        return str(channel["name"]) if channel.get("name") and not is_conversation else None


@dataclass(frozen=True, slots=True)
class TimeZones:
    """Asks Slack (docs.slack.dev, users.info). The client's timeout has to be about a second."""

    client: WebClient

    def __call__(self, user: str) -> tzinfo | None:
        try:
            person = self.client.users_info(user=user)["user"]
        except (SlackClientError, OSError, HTTPException, ValueError):
            return None
        try:
            return ZoneInfo(person["tz"]) if person.get("tz") else None
        except (ZoneInfoNotFoundError, ValueError):
            # This machine does not know the zone. Slack also gives its offset today, in seconds.
            offset = person.get("tz_offset")
            return None if offset is None else timezone(timedelta(seconds=int(offset)))
