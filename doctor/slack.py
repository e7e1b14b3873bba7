"""Slack: the bot token, what it is allowed, and the token that opens the socket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from doctor.clock import SLACK, ClockSkew, header
from doctor.results import CheckResult, not_looked_at, note, right, run_together, wrong

BOT_TOKEN, SCOPES, APP_TOKEN, REQUESTS = "slack bot token", "slack scopes", "slack app token", "slack requests"
NEEDED_SCOPES = ("commands", "chat:write")
HELPFUL_SCOPES = ("chat:write.public", "channels:read", "groups:read", "im:write", "users:read")
NETWORK = "Check the network and SLACK_API_URL."
_SECONDS = 12.0
_ADD = "under OAuth & Permissions, then install the app again."
_LOST = frozenset({"account_inactive", "token_revoked", "token_expired"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of a call: Slack's word for what is wrong with it, or `silent` where there is no answer of Slack's."""

    said: Any = None
    headers: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    silent: bool = False


def slack_lines(slack: WebClient, app_token: str, clock_skew: ClockSkew) -> list[CheckResult]:
    opened = (lambda: slack.apps_connections_open(app_token=app_token)) if app_token else (lambda: None)
    calls: list[Callable[[], Any]] = [slack.auth_test, opened]
    late = _Asked(error="Slack does not answer", silent=True)
    bot, app = (asked or late for asked in run_together([_asking(call, clock_skew) for call in calls], _SECONDS))
    return [*_bot(bot), _socket(app, bot) if app_token else right(REQUESTS, "come over HTTP, signed")]


def _bot(bot: _Asked) -> list[CheckResult]:
    if bot.error:
        return [wrong(BOT_TOKEN, f"{bot.error}. {_bot_todo(bot)}"), not_looked_at(SCOPES, BOT_TOKEN)]
    told = header(bot.headers, "x-oauth-scopes")
    granted = {scope.strip() for scope in told.split(",")}
    return [
        right(BOT_TOKEN, f"is {bot.said['user']} of {bot.said.get('team', 'the workspace')}"),
        _scopes(granted) if told else note(SCOPES, "not known: Slack does not tell them"),
    ]


def _bot_todo(bot: _Asked) -> str:
    if bot.silent:
        return NETWORK
    if bot.error in _LOST:
        return "The app was removed, or its token withdrawn: install it again, and take the new SLACK_BOT_TOKEN."
    return "Check SLACK_BOT_TOKEN: it is under OAuth & Permissions, after the app was installed."


def _scopes(granted: set[str]) -> CheckResult:
    missing = [scope for scope in NEEDED_SCOPES if scope not in granted]
    if missing:
        return wrong(SCOPES, f"missing: {', '.join(missing)}. Add them {_ADD}")
    less = [scope for scope in HELPFUL_SCOPES if scope not in granted]
    return (
        note(SCOPES, f"enough; would help: {', '.join(less)}. Add them {_ADD}") if less else right(SCOPES, "all there")
    )


def _socket(app: _Asked, bot: _Asked) -> CheckResult:
    if app.silent and bot.silent:
        return not_looked_at(APP_TOKEN, BOT_TOKEN)
    if app.silent:
        return wrong(APP_TOKEN, f"{app.error}. {NETWORK}")
    if app.error:
        todo = "Check SLACK_APP_TOKEN: an app-level token with connections:write; Socket Mode has to be on."
        return wrong(APP_TOKEN, f"{app.error}. {todo}")
    return right(APP_TOKEN, "opens a socket")


def _asking(call: Callable[[], Any], clock_skew: ClockSkew) -> Callable[[], _Asked]:
    def ask() -> _Asked:
        asked = _ask(call)
        clock_skew.answer(SLACK, asked.headers)
        return asked

    return ask


def _ask(call: Callable[[], Any]) -> _Asked:
    try:
        said = call()
    except SlackApiError as error:
        answer = error.response
        headers = dict(getattr(answer, "headers", {}))
        word = answer.get("error") if hasattr(answer, "get") else None
        if word is None:
            return _Asked(headers=headers, error="Slack gives no usable answer", silent=True)
        return _Asked(headers=headers, error=str(word))
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        return _Asked(error=f"Slack does not answer ({type(error).__name__})", silent=True)
    return _Asked(said, dict(getattr(said, "headers", {})))
