"""Slack: the bot token, its scopes, and the token that opens the socket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from doctor.clock import SLACK, ClockSkew, header
from doctor.results import CheckResult, failed, note, passed, run_together, skipped

BOT_TOKEN, SCOPES, APP_TOKEN, REQUESTS = "slack bot token", "slack scopes", "slack app token", "slack requests"
NEEDED_SCOPES = ("commands", "chat:write")
HELPFUL_SCOPES = ("chat:write.public", "channels:read", "groups:read", "im:write", "users:read")
NETWORK = "Check the network and SLACK_API_URL."
_SECONDS = 12.0
_ADD = "under OAuth & Permissions, then install the app again."
_LOST = frozenset({"account_inactive", "token_revoked", "token_expired"})


@dataclass(frozen=True, slots=True)
class _Reply:
    """The outcome of a call. `error`: Slack's code for what is wrong, empty after a success; `silent`: the answer, if
    there is any, is not Slack's."""

    content: Any = None
    headers: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    silent: bool = False


def check_slack(slack: WebClient, app_token: str, clock_skew: ClockSkew) -> list[CheckResult]:
    open_socket = (lambda: slack.apps_connections_open(app_token=app_token)) if app_token else (lambda: None)
    calls: list[Callable[[], Any]] = [slack.auth_test, open_socket]
    late = _Reply(error="Slack does not answer", silent=True)
    replies = run_together([_call_and_compare(call, clock_skew) for call in calls], _SECONDS)
    bot, app = (reply or late for reply in replies)
    return [*_check_bot(bot), _check_socket(app, bot) if app_token else passed(REQUESTS, "come over HTTP, signed")]


def _check_bot(bot: _Reply) -> list[CheckResult]:
    if bot.error:
        return [failed(BOT_TOKEN, _problem(bot), _bot_next_step(bot)), skipped(SCOPES, BOT_TOKEN)]
    scopes = header(bot.headers, "x-oauth-scopes")
    granted = {scope.strip() for scope in scopes.split(",")}
    return [
        passed(BOT_TOKEN, f"belongs to @{bot.content['user']} in {bot.content.get('team', 'the workspace')}"),
        _check_scopes(granted) if scopes else note(SCOPES, "not known: Slack's answer doesn't list them"),
    ]


def _problem(reply: _Reply) -> str:
    return reply.error if reply.silent else f"Slack says {reply.error}"


def _bot_next_step(bot: _Reply) -> str:
    if bot.silent:
        return NETWORK
    if bot.error in _LOST:
        return "The app was removed or its token revoked: install it again, and set SLACK_BOT_TOKEN to the new token."
    return "Check SLACK_BOT_TOKEN: api.slack.com/apps, your app, OAuth & Permissions."


def _check_scopes(granted: set[str]) -> CheckResult:
    missing = [scope for scope in NEEDED_SCOPES if scope not in granted]
    if missing:
        return failed(SCOPES, f"missing: {', '.join(missing)}", f"Add them {_ADD}")
    helpful = [scope for scope in HELPFUL_SCOPES if scope not in granted]
    if helpful:
        return note(SCOPES, f"enough; would help: {', '.join(helpful)}", f"Add them {_ADD}")
    return passed(SCOPES, "all there")


def _check_socket(app: _Reply, bot: _Reply) -> CheckResult:
    if app.silent and bot.silent:
        return skipped(APP_TOKEN, BOT_TOKEN)
    if app.silent:
        return failed(APP_TOKEN, app.error, NETWORK)
    if app.error:
        next_step = "Check SLACK_APP_TOKEN: an app-level token with connections:write; Socket Mode has to be on."
        return failed(APP_TOKEN, _problem(app), next_step)
    return passed(APP_TOKEN, "opens a socket")


def _call_and_compare(call: Callable[[], Any], clock_skew: ClockSkew) -> Callable[[], _Reply]:
    def call_and_compare() -> _Reply:
        reply = _reply(call)
        clock_skew.answer(SLACK, reply.headers)
        return reply

    return call_and_compare


def _reply(call: Callable[[], Any]) -> _Reply:
    try:
        content = call()
    except SlackApiError as error:
        response = error.response
        headers = dict(getattr(response, "headers", {}))
        code = response.get("error") if hasattr(response, "get") else None
        if code is None:
            return _Reply(headers=headers, error="Slack gives no usable answer", silent=True)
        return _Reply(headers=headers, error=str(code))
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        return _Reply(error=f"Slack does not answer ({type(error).__name__})", silent=True)
    return _Reply(content, dict(getattr(content, "headers", {})))
