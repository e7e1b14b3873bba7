"""Who somebody is: asked once in a while, never waited for, and never a reason to stop working."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from structlog.testing import capture_logs

from handlers.directory import People
from recordings.service.access import Profile
from tests.fakes.rows import FunctionClock

MEMBER = {"id": "U1", "team_id": "T1", "is_restricted": False, "is_ultra_restricted": False}


class FakeSlack(WebClient):
    """Answers as it is told to; `go` set: it does not hang."""

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
def slack() -> Iterator[FakeSlack]:
    slack = FakeSlack()
    yield slack
    slack.go.set()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def people(slack: FakeSlack, watch: Watch) -> People:
    return People(slack, FunctionClock(of_spans=watch), most=2)


@pytest.mark.parametrize(
    ("told", "profile"),
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
def test_what_slack_tells_is_understood(
    people: People, slack: FakeSlack, told: dict[str, Any], profile: Profile
) -> None:
    slack.answer = lambda: told

    assert people("U1") == profile


@pytest.mark.parametrize("word", ["user_not_found", "user_not_visible"])
def test_of_whom_slack_knows_nothing_nothing_is_concluded(people: People, slack: FakeSlack, word: str) -> None:
    slack.fails(refused(word))

    assert people("U1") is None


def test_an_answer_is_remembered_for_ten_minutes(people: People, slack: FakeSlack, watch: Watch) -> None:
    people("U1")
    watch.seconds += 599
    people("U1")
    assert slack.asked == ["U1"]

    watch.seconds += 2
    slack.answer = lambda: MEMBER | {"is_restricted": True}
    assert people("U1") == Profile(guest=True, teams=frozenset({"T1"}))
    assert slack.asked == ["U1", "U1"]


def test_not_more_people_are_remembered_than_there_is_room_for(people: People, slack: FakeSlack) -> None:
    for user in ("U1", "U2", "U3", "U3", "U1"):
        people(user)

    assert slack.asked == ["U1", "U2", "U3", "U1"]


@pytest.mark.parametrize(
    "error", [refused("missing_scope"), refused("ratelimited"), SlackRequestError("no"), TimeoutError(), KeyError("x")]
)
def test_where_slack_does_not_tell_nothing_is_known_and_that_is_logged_once(
    people: People, slack: FakeSlack, error: Exception
) -> None:
    slack.fails(error)
    with capture_logs() as lines:
        assert [people("U1"), people("U2"), people("U1")] == [None, None, None]

    assert [line["event"] for line in lines] == ["people_unknown"]


def test_what_slack_told_last_time_counts_where_it_does_not_tell_now(
    people: People, slack: FakeSlack, watch: Watch
) -> None:
    slack.answer = lambda: MEMBER | {"is_restricted": True}
    guest = people("U1")
    watch.seconds += 10_000
    slack.fails(refused("ratelimited"))

    assert people("U1") == guest
    assert guest is not None


def test_a_slow_slack_is_waited_for_no_longer_than_a_second_and_its_answer_counts_next_time(
    people: People, slack: FakeSlack, watch: Watch
) -> None:
    slack.go.clear()
    with capture_logs() as lines:
        assert people("U1") is None
        watch.seconds += 4
        assert people("U2") is None
    assert [line["event"] for line in lines] == ["people_unknown"]
    slack.go.set()
    watch.seconds += 4

    assert people("U3") == Profile(teams=frozenset({"T1"}))
    for late in ("U1", "U2"):
        assert people(late) == Profile(teams=frozenset({"T1"}))


def test_after_a_second_in_vain_many_at_once_do_not_wait_as_well(
    people: People, slack: FakeSlack, watch: Watch
) -> None:
    slack.go.clear()
    people("U1")
    begun = time.monotonic()
    assert [people(f"U{number}") for number in range(100)] == [None] * 100
    assert time.monotonic() - begun < 0.9
    assert slack.asked == ["U1"]


def test_an_answer_without_a_person_is_none(people: People, slack: FakeSlack) -> None:
    slack.answer = lambda: None  # type: ignore[assignment, return-value]

    assert people("U1") is None
