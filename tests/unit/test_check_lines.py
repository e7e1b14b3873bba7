"""`bot.py check`: one line for each thing that must be right, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

import check
from agora.tokens import Tokens
from check import HELPFUL_SCOPES, NEEDED_SCOPES, Line
from recordings.errors import AgoraError, NoAnswer, Overloaded, Rejected, Unauthorized
from storage.database import Database
from tests.fakes.agora import FakeAgora

ALL_SCOPES = (*NEEDED_SCOPES, *HELPFUL_SCOPES)
CERTIFICATE = "fedcba9876543210fedcba9876543210"


class FakeAnswer(dict[str, Any]):
    headers: dict[str, Any]


class FakeSlack(WebClient):
    """Knows the bot, and what was granted to it."""

    def __init__(self, scopes: tuple[str, ...] = ALL_SCOPES) -> None:
        super().__init__(token="xoxb-secret")
        self.header: Any = ",".join(scopes)
        self.bot_error: Exception | None = None
        self.app_error: Exception | None = None

    def auth_test(self, **_: Any) -> Any:
        if self.bot_error is not None:
            raise self.bot_error
        answer = FakeAnswer(user="recorder", team="Acme")
        answer.headers = {"X-OAuth-Scopes": self.header}
        return answer

    def apps_connections_open(self, *, app_token: str, **_: Any) -> Any:
        if self.app_error is not None:
            raise self.app_error
        return FakeAnswer(url="wss://slack.example/link")


def refused(error: str) -> Exception:
    return SlackApiError("no", {"ok": False, "error": error})  # type: ignore[no-untyped-call]


class Desk:
    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'recordings.db'}"
        self.slack = FakeSlack()
        self.agora = FakeAgora()
        self.app_token = "xapp-secret"

    @contextmanager
    def database(self) -> Iterator[Database]:
        database = Database(self.url)
        yield database
        database.close()

    def lines(self) -> dict[str, Line]:
        with self.database() as database:
            found = check.lines(
                database=database,
                slack=self.slack,
                app_token=self.app_token,
                agora=self.agora,
                tokens=Tokens("0123456789abcdef0123456789abcdef", CERTIFICATE),
                storage="bucket calls at aws",
                clock=lambda: datetime(2026, 6, 17, 11, 42, tzinfo=UTC),
            )
        assert len({line.what for line in found}) == len(found), "a line for each thing"
        for line in found:
            assert "\n" not in str(line)
            assert not any(secret in str(line) for secret in ("xoxb-secret", "xapp-secret", CERTIFICATE))
        return {line.what: line for line in found}

    def wrong(self) -> dict[str, str]:
        return {what: line.found for what, line in self.lines().items() if not line.ok}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_where_everything_is_right_every_line_says_so(desk: Desk) -> None:
    found = desk.lines()

    assert list(found) == [
        "settings",
        "database",
        "slack bot token",
        "slack scopes",
        "slack app token",
        "agora token",
        "agora credentials",
        "cloud recording",
        "storage",
    ]
    assert desk.wrong() == {}


def test_it_looks_without_starting_anything(desk: Desk) -> None:
    desk.lines()

    assert [name for name, _ in desk.agora.calls] == ["users", "acquire"]


def test_a_database_that_cannot_be_opened_is_named(desk: Desk, tmp_path: Path) -> None:
    desk.url = f"sqlite:///{tmp_path / 'nowhere' / 'recordings.db'}"

    assert "DATABASE_URL" in desk.wrong()["database"]


@pytest.mark.parametrize("error", [refused("invalid_auth"), TimeoutError(), ConnectionRefusedError()])
def test_a_bot_token_that_slack_does_not_take_is_named(desk: Desk, error: Exception) -> None:
    desk.slack.bot_error = error

    assert "SLACK_BOT_TOKEN" in desk.wrong()["slack bot token"]
    assert "slack scopes" not in desk.lines(), "nobody knows them"


@pytest.mark.parametrize("scope", NEEDED_SCOPES)
def test_a_scope_that_is_needed_is_named(desk: Desk, scope: str) -> None:
    desk.slack = FakeSlack(tuple(other for other in ALL_SCOPES if other != scope))

    assert desk.wrong()["slack scopes"].startswith(f"missing: {scope}. ")


@pytest.mark.parametrize("scope", HELPFUL_SCOPES)
def test_a_scope_that_would_help_is_named_and_no_fault(desk: Desk, scope: str) -> None:
    desk.slack = FakeSlack(tuple(other for other in ALL_SCOPES if other != scope))

    assert desk.wrong() == {}
    assert desk.lines()["slack scopes"].found == f"enough; would help: {scope}"


def test_scopes_are_read_however_the_header_is_given(desk: Desk) -> None:
    desk.slack.header = [", ".join(ALL_SCOPES)]

    assert desk.lines()["slack scopes"].found == "all granted"


@pytest.mark.parametrize("error", [refused("not_allowed_token_type"), TimeoutError()])
def test_an_app_token_that_opens_no_socket_is_named(desk: Desk, error: Exception) -> None:
    desk.slack.app_error = error

    assert "SLACK_APP_TOKEN" in desk.wrong()["slack app token"]


def test_over_http_no_socket_is_needed(desk: Desk) -> None:
    desk.app_token = ""

    assert desk.lines()["slack requests"].ok
    assert "slack app token" not in desk.lines()


@pytest.mark.parametrize("call", ["users", "acquire"])
@pytest.mark.parametrize(
    ("error", "todo"),
    [
        (Unauthorized("Invalid authentication credentials", http_status=401), "AGORA_CUSTOMER_ID"),
        (Overloaded("vendor_over_load", http_status=400, code=406), "its own words"),
        (Rejected("invalid parameter", http_status=400, code=2), "its own words"),
        (NoAnswer("no answer in 14 s"), "AGORA_API_URLS"),
    ],
)
def test_what_agora_says_is_shown_with_what_to_do(desk: Desk, call: str, error: AgoraError, todo: str) -> None:
    desk.agora.answers[call] = [error]
    line = {"users": "agora credentials", "acquire": "cloud recording"}[call]

    found = desk.wrong()

    assert list(found) == [line]
    assert todo in found[line]
    assert str(error) in found[line]


def test_the_report_is_a_line_each_and_its_result_tells_whether_all_is_right(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.report(desk.lines().values()) == 0
    desk.slack.bot_error = refused("invalid_auth")
    assert check.report(desk.lines().values()) == 1

    printed = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("FAIL  ") for line in printed) == 1
    assert all(line.startswith(("ok    ", "FAIL  ")) for line in printed)


def test_wrong_settings_are_reported_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.report_settings(["STORAGE_BUCKET is missing", "AGORA_APP_ID is missing"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2
