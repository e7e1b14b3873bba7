"""What Slack knows about people and channels: remembered, bounded in time, and optional."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from structlog.testing import capture_logs

from handlers.directory import ChannelNames, NotInChannel, Profiles, TimeZones
from recordings.service.access import Profile
from tests.fakes.rows import FunctionClock

MEMBER = {"id": "U1", "team_id": "T1", "is_restricted": False, "is_ultra_restricted": False}


PATIENT, IMPATIENT = 60.0, 0.05
"""Seconds: longer than any machine needs for an answer, and enough to see that none comes."""


class SlackProfiles(WebClient):
    """Answers with `answer`, after `go` is set."""

    def __init__(self) -> None:
        super().__init__(token="xoxb-test")
        self.answer: Callable[[], dict[str, Any]] = lambda: MEMBER
        self.asked: list[str] = []
        self.go = threading.Event()
        self.go.set()

    def users_info(self, *, user: str, **_: object) -> object:  # type: ignore[override]
        self.asked.append(user)
        assert self.go.wait(20)
        return {"user": self.answer()}

    def fails(self, error: Exception) -> None:
        def answer() -> dict[str, Any]:
            raise error

        self.answer = answer


def refused(word: str) -> SlackApiError:
    return SlackApiError("no", {"ok": False, "error": word})  # type: ignore[no-untyped-call]


class Watch:
    seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def slack() -> Iterator[SlackProfiles]:
    slack = SlackProfiles()
    yield slack
    slack.go.set()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def profiles(slack: SlackProfiles, watch: Watch) -> Profiles:
    profiles = Profiles(slack, FunctionClock(of_spans=watch), max_profiles=2)
    profiles.timeout = PATIENT
    return profiles


@pytest.mark.parametrize(
    ("answer", "profile"),
    [
        (MEMBER, Profile(teams=frozenset({"T1"}))),
        (MEMBER | {"is_restricted": True}, Profile(guest=True, teams=frozenset({"T1"}))),
        (MEMBER | {"is_ultra_restricted": True}, Profile(guest=True, teams=frozenset({"T1"}))),
        (MEMBER | {"is_stranger": True, "team_id": "T9"}, Profile(stranger=True, teams=frozenset({"T9"}))),
        (
            MEMBER | {"enterprise_user": {"enterprise_id": "E1", "teams": ["T1", "T2"]}},
            Profile(teams=frozenset({"T1", "T2", "E1"})),
        ),
        ({"id": "U1"}, Profile()),
    ],
)
def test_a_profile_is_read_from_the_answer(
    profiles: Profiles, slack: SlackProfiles, answer: dict[str, Any], profile: Profile
) -> None:
    slack.answer = lambda: answer

    assert profiles("U1") == profile


@pytest.mark.parametrize("word", ["user_not_found", "user_not_visible"])
def test_a_person_whom_slack_does_not_know_has_no_profile(profiles: Profiles, slack: SlackProfiles, word: str) -> None:
    slack.fails(refused(word))

    assert profiles("U1") is None


def test_a_profile_is_remembered_for_ten_minutes(profiles: Profiles, slack: SlackProfiles, watch: Watch) -> None:
    profiles("U1")
    watch.seconds += 599
    profiles("U1")
    assert slack.asked == ["U1"]

    watch.seconds += 2
    slack.answer = lambda: MEMBER | {"is_restricted": True}
    assert profiles("U1") == Profile(guest=True, teams=frozenset({"T1"}))
    assert slack.asked == ["U1", "U1"]


def test_the_profile_unused_for_longest_is_forgotten_first(profiles: Profiles, slack: SlackProfiles) -> None:
    for user in ("U1", "U2", "U3", "U3", "U1"):
        profiles(user)

    assert slack.asked == ["U1", "U2", "U3", "U1"]


@pytest.mark.parametrize(
    "error", [refused("missing_scope"), refused("ratelimited"), SlackRequestError("no"), TimeoutError(), KeyError("x")]
)
def test_a_failed_lookup_gives_no_profile_and_is_logged_once(
    profiles: Profiles, slack: SlackProfiles, error: Exception
) -> None:
    slack.fails(error)
    with capture_logs() as lines:
        assert [profiles("U1"), profiles("U2"), profiles("U1")] == [None, None, None]

    assert [line["event"] for line in lines] == ["profile_lookup_failed"]


def test_if_slack_does_not_answer_the_last_profile_counts(
    profiles: Profiles, slack: SlackProfiles, watch: Watch
) -> None:
    slack.answer = lambda: MEMBER | {"is_restricted": True}
    guest = profiles("U1")
    watch.seconds += 10_000
    slack.fails(refused("ratelimited"))

    assert profiles("U1") == guest
    assert guest is not None


def test_a_lookup_that_times_out_gives_no_profile_and_its_answer_counts_next_time(
    profiles: Profiles, slack: SlackProfiles, watch: Watch
) -> None:
    slack.go.clear()
    profiles.timeout = IMPATIENT
    with capture_logs() as lines:
        assert profiles("U1") is None
        watch.seconds += 4
        assert profiles("U2") is None
    assert [line["event"] for line in lines] == ["profile_lookup_failed"]
    slack.go.set()
    watch.seconds += 4
    profiles.timeout = PATIENT

    assert profiles("U3") == Profile(teams=frozenset({"T1"}))
    for late in ("U1", "U2"):
        assert profiles(late) == Profile(teams=frozenset({"T1"}))


def test_after_a_timeout_other_lookups_do_not_wait(profiles: Profiles, slack: SlackProfiles) -> None:
    slack.go.clear()
    profiles.timeout = IMPATIENT
    assert profiles("U1") is None
    profiles.timeout = PATIENT
    assert [profiles(f"U{number}") for number in range(100)] == [None] * 100
    assert set(slack.asked) <= {"U1"}, "nobody else is looked up"


def test_an_answer_without_a_person_gives_no_profile(profiles: Profiles, slack: SlackProfiles) -> None:
    slack.answer = lambda: None  # type: ignore[assignment, return-value]

    assert profiles("U1") is None


# Names of channels


class OneAnswer(WebClient):
    """Answers each question with the same channel or person, or raises the same error."""

    def __init__(self, answer: object) -> None:
        super().__init__(token="xoxb-test")
        self.answer = answer
        self.asked: list[str] = []

    def conversations_info(self, *, channel: str, **_: object) -> object:  # type: ignore[override]
        return {"channel": self._given(channel)}

    def users_info(self, *, user: str, **_: object) -> object:  # type: ignore[override]
        return {"user": self._given(user)}

    def _given(self, asked: str) -> object:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_the_command_names_a_public_channel() -> None:
    slack = OneAnswer({"name": "other"})

    assert ChannelNames(slack)("C1", "daily") == "daily"
    assert slack.asked == []


@pytest.mark.parametrize("named", ["privategroup", "group", "", "directmessages"])
def test_slack_is_asked_for_a_name_that_the_command_hides(named: str) -> None:
    assert ChannelNames(OneAnswer({"name": "design"}))("C1", named) == "design"


@pytest.mark.parametrize("named", ["directmessage", "mpdm-ana--ben--cho-1"])
def test_a_conversation_has_no_name(named: str) -> None:
    assert ChannelNames(OneAnswer({"name": "mpdm-ana--ben--cho-1"}))("D1", named) is None


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel"])
@pytest.mark.parametrize(
    ("named", "is_conversation"), [("privategroup", False), ("", False), ("directmessage", True), ("mpdm-a--b-1", True)]
)
def test_where_slack_says_that_the_bot_is_not_there_nothing_can_be_recorded(
    error: str, named: str, is_conversation: bool
) -> None:
    with pytest.raises(NotInChannel) as raised:
        ChannelNames(OneAnswer(refused(error)))("G1", named)

    assert raised.value.is_conversation is is_conversation


@pytest.mark.parametrize(
    "answer",
    [
        refused("missing_scope"),
        SlackRequestError("no"),
        TimeoutError(),
        ConnectionResetError(),
        {"name": ""},
        {"id": "D1"},
    ],
)
def test_a_failed_lookup_gives_no_name(answer: object) -> None:
    assert ChannelNames(OneAnswer(answer))("C1", "privategroup") is None


# Time zones


@pytest.mark.parametrize(
    ("person", "zone"),
    [
        ({"tz": "Europe/Madrid", "tz_offset": 3600}, ZoneInfo("Europe/Madrid")),
        ({"tz": "Mars/Olympus", "tz_offset": 5400}, timezone(timedelta(minutes=90))),
        ({"tz": "../etc/passwd", "tz_offset": -18_000}, timezone(timedelta(hours=-5))),
        ({"tz": "Mars/Olympus"}, None),
        ({"tz": None}, None),
        ({"tz": ""}, None),
        ({}, None),
        (refused("missing_scope"), None),
        (SlackRequestError("no answer"), None),
        (TimeoutError(), None),
    ],
)
def test_a_time_zone_is_read_from_the_profile_or_unknown(person: object, zone: tzinfo | None) -> None:
    assert TimeZones(OneAnswer(person))("U1") == zone
