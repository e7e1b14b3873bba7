"""The lines about Slack."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from doctor.slack import HELPFUL_SCOPES, NEEDED_SCOPES
from tests.unit.doctor.desk import ALL_SCOPES, Desk, FakeSlack, refused


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        (refused("invalid_auth"), "Check SLACK_BOT_TOKEN"),
        (refused("token_revoked"), "the new SLACK_BOT_TOKEN"),
        (TimeoutError(), "SLACK_API_URL"),
        (ConnectionRefusedError(), "SLACK_API_URL"),
        (SlackApiError("a page of a proxy", {}), "SLACK_API_URL"),  # type: ignore[no-untyped-call]
    ],
)
def test_a_bot_token_that_slack_does_not_take_is_named(desk: Desk, error: Exception, todo: str) -> None:
    desk.slack.bot_error = error

    assert todo in desk.wrong()["slack bot token"]
    assert list(desk.wrong()) == ["slack bot token"]
    assert desk.notes()["slack scopes"] == "not looked at: see slack bot token"


@pytest.mark.parametrize("scope", NEEDED_SCOPES)
def test_a_scope_that_is_needed_is_named(desk: Desk, scope: str) -> None:
    desk.slack = FakeSlack(tuple(other for other in ALL_SCOPES if other != scope))

    assert desk.wrong()["slack scopes"].startswith(f"missing: {scope}. ")


@pytest.mark.parametrize("scope", HELPFUL_SCOPES)
def test_a_scope_that_would_help_is_named_and_no_fault(desk: Desk, scope: str) -> None:
    desk.slack = FakeSlack(tuple(other for other in ALL_SCOPES if other != scope))

    assert desk.wrong() == {}
    assert desk.notes()["slack scopes"].startswith(f"enough; would help: {scope}. ")


@pytest.mark.parametrize("given", [", ".join(ALL_SCOPES), [", ".join(ALL_SCOPES)]])
def test_scopes_are_read_however_the_header_is_given(desk: Desk, given: str | list[str]) -> None:
    desk.slack.headers = {"x-oauth-scopes": given}

    assert desk.lines()["slack scopes"].detail == "all there"


def test_scopes_that_slack_does_not_tell_are_not_known(desk: Desk) -> None:
    desk.slack.headers = {}

    assert desk.wrong() == {}
    assert desk.notes()["slack scopes"].startswith("not known")


def test_an_app_token_that_opens_no_socket_is_named(desk: Desk) -> None:
    desk.slack.app_error = refused("not_allowed_token_type")

    assert list(desk.wrong()) == ["slack app token"]
    assert "Check SLACK_APP_TOKEN" in desk.wrong()["slack app token"]


def test_a_socket_that_alone_gets_no_answer_is_a_matter_of_the_network(desk: Desk) -> None:
    desk.slack.app_error = TimeoutError()

    assert "SLACK_API_URL" in desk.wrong()["slack app token"]


def test_a_slack_that_does_not_answer_is_one_fault(desk: Desk) -> None:
    desk.slack.bot_error = desk.slack.app_error = ConnectionRefusedError()

    assert list(desk.wrong()) == ["slack bot token"]
    assert desk.notes()["slack app token"] == "not looked at: see slack bot token"


def test_over_http_no_socket_is_needed(desk: Desk) -> None:
    desk.app_token = ""

    assert desk.lines()["slack requests"].ok
    assert "slack app token" not in desk.lines()
