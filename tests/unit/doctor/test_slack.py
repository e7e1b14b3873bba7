"""The checks of Slack."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from doctor.slack import HELPFUL_SCOPES, NEEDED_SCOPES
from tests.unit.doctor.bench import ALL_SCOPES, Bench, FakeSlack, refused


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        (refused("invalid_auth"), "Check SLACK_BOT_TOKEN"),
        (refused("token_revoked"), "set SLACK_BOT_TOKEN to the new token"),
        (TimeoutError(), "SLACK_API_URL"),
        (ConnectionRefusedError(), "SLACK_API_URL"),
        (SlackApiError("a page of a proxy", {}), "SLACK_API_URL"),  # type: ignore[no-untyped-call]
    ],
)
def test_a_refused_bot_token_is_one_failure(bench: Bench, error: Exception, todo: str) -> None:
    bench.slack.bot_error = error

    assert todo in bench.failures()["slack bot token"]
    assert list(bench.failures()) == ["slack bot token"]
    assert bench.skipped() == ["slack scopes"]


@pytest.mark.parametrize("scope", NEEDED_SCOPES)
def test_a_missing_scope_is_a_failure(bench: Bench, scope: str) -> None:
    bench.slack = FakeSlack(tuple(other for other in ALL_SCOPES if other != scope))

    assert bench.failures()["slack scopes"].startswith(f"missing: {scope}. ")


@pytest.mark.parametrize("scope", HELPFUL_SCOPES)
def test_a_missing_helpful_scope_is_a_note(bench: Bench, scope: str) -> None:
    bench.slack = FakeSlack(tuple(other for other in ALL_SCOPES if other != scope))

    assert bench.failures() == {}
    assert bench.notes()["slack scopes"].startswith(f"enough; would help: {scope}. ")


@pytest.mark.parametrize("given", [", ".join(ALL_SCOPES), [", ".join(ALL_SCOPES)]])
def test_scopes_are_read_from_a_text_or_a_list(bench: Bench, given: str | list[str]) -> None:
    bench.slack.headers = {"x-oauth-scopes": given}

    assert bench.results()["slack scopes"].detail == "all there"


def test_without_a_scope_header_the_scopes_are_not_known(bench: Bench) -> None:
    bench.slack.headers = {}

    assert bench.failures() == {}
    assert bench.notes()["slack scopes"].startswith("not known")


def test_an_app_token_that_opens_no_socket_is_a_failure(bench: Bench) -> None:
    bench.slack.app_error = refused("not_allowed_token_type")

    assert list(bench.failures()) == ["slack app token"]
    assert "Check SLACK_APP_TOKEN" in bench.failures()["slack app token"]


def test_a_socket_without_an_answer_points_to_the_network(bench: Bench) -> None:
    bench.slack.app_error = TimeoutError()

    assert "SLACK_API_URL" in bench.failures()["slack app token"]


def test_a_slack_that_does_not_answer_is_one_failure(bench: Bench) -> None:
    bench.slack.bot_error = bench.slack.app_error = ConnectionRefusedError()

    assert list(bench.failures()) == ["slack bot token"]
    assert bench.skipped() == ["slack scopes", "slack app token"]


def test_in_http_mode_no_socket_is_needed(bench: Bench) -> None:
    bench.app_token = ""

    assert bench.results()["slack requests"].ok
    assert "slack app token" not in bench.results()
