"""Who somebody is in Slack, asked with a deadline and remembered for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswerInTime
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from http.client import HTTPException
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from recordings.ports import Clock
from recordings.service.access import Profile

_SECONDS = 1.0
_PAUSE_SECONDS = 3.0
"""After a second in vain nobody waits for so long: many commands at once would wait for each other's threads."""
_REMEMBERED_SECONDS = 600.0
_MOST = 5_000
_THREADS = 8
_NO_ANSWER = "no_answer"
_log = structlog.get_logger(__name__)


class People:
    """Answers within a second: Slack waits 3 for what a person typed. An answer that comes later counts next time."""

    def __init__(self, client: WebClient, clock: Clock, most: int = _MOST) -> None:
        self._client = client
        self._clock = clock
        self._most = most
        self._known: OrderedDict[str, tuple[float, Profile]] = OrderedDict()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="people")
        self._trouble = ""
        self._paused_until = 0.0

    def __call__(self, user: str, /) -> Profile | None:
        """Where Slack does not tell just now, what it told last time, else None."""
        with self._lock:
            told_at, profile = self._known.get(user, (0.0, None))
            paused = self._clock.monotonic() < self._paused_until
        if paused or (profile is not None and self._clock.monotonic() < told_at + _REMEMBERED_SECONDS):
            return profile
        asked = self._threads.submit(self._ask, user)
        try:
            return asked.result(_SECONDS) or profile
        except NoAnswerInTime:
            asked.cancel()
            self._note(_NO_ANSWER)
            self._paused_until = self._clock.monotonic() + _PAUSE_SECONDS
            return profile

    def _ask(self, user: str) -> Profile | None:
        try:
            profile = _profile(self._client.users_info(user=user)["user"])
        except SlackApiError as error:
            self._note(str(error.response.get("error")))
            return None
        except (SlackClientError, OSError, HTTPException, ValueError, KeyError):
            self._note(_NO_ANSWER)
            return None
        self._remember(user, profile)
        return profile

    def _remember(self, user: str, profile: Profile) -> None:
        with self._lock:
            self._known[user] = self._clock.monotonic(), profile
            self._known.move_to_end(user)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
            self._trouble, self._paused_until = "", 0.0

    def _note(self, problem: str) -> None:
        """One line for each trouble, until Slack tells again."""
        with self._lock:
            known, self._trouble = self._trouble, problem
        if problem != known:
            _log.warning("people_unknown", error=problem, taken_for="full members")


def _profile(user: Any) -> Profile:
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


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot user; its name is what people type to invite it. `home`: its workspace, and its organisation."""

    user_id: str = ""
    name: str = "recorder"
    home: frozenset[str] = frozenset()


class Identity:
    """`bot` is known once Slack has told; `trouble` says why it is not, and is empty then."""

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
                self.bot = Bot(str(answer["user_id"]), str(answer["user"]), home)
                self.problem = ""
            except SlackApiError as error:
                self.problem = str(error.response.get("error"))
            except (SlackClientError, OSError, HTTPException, ValueError, KeyError) as error:
                self.problem = type(error).__name__
            if self.problem:
                _log.warning("slack_unknown", error=self.problem, again_in=wait)
                threading.Event().wait(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
        _log.info("slack_known", bot=self.bot.name)


_NOT_A_NAME = ("privategroup", "directmessage", "mpdm-", "group")


@dataclass(frozen=True, slots=True)
class ChannelNames:
    """Asks Slack only where the command does not tell: the client's time-out has to be well under a second."""

    client: WebClient

    def __call__(self, channel_id: str, told: str) -> str | None:
        if told and not told.startswith(_NOT_A_NAME[:3]) and told != _NOT_A_NAME[3]:
            return told
        if told == "directmessage" or told.startswith("mpdm-"):
            return None
        try:
            channel = self.client.conversations_info(channel=channel_id)["channel"]
        except (SlackClientError, OSError, HTTPException, ValueError):
            return None
        return str(channel["name"]) if channel.get("name") else None


@dataclass(frozen=True, slots=True)
class TimeZones:
    """Asks Slack (docs.slack.dev, users.info): the client's time-out has to be about a second."""

    client: WebClient

    def __call__(self, user: str) -> tzinfo | None:
        try:
            person = self.client.users_info(user=user)["user"]
        except (SlackClientError, OSError, HTTPException, ValueError):
            return None
        try:
            return ZoneInfo(person["tz"]) if person.get("tz") else None
        except (ZoneInfoNotFoundError, ValueError):
            # A zone that this machine does not know: how far off it is today is told as well.
            offset = person.get("tz_offset")
            return None if offset is None else timezone(timedelta(seconds=int(offset)))
