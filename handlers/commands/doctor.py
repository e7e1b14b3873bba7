"""`/record doctor`: for admins, whether the installation works and whether the bot can post in this channel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from handlers.commands.parser import Command
from handlers.requests import SlashCommand
from messages import doctor, replies
from messages.blocks import Message, plain
from messages.doctor import CheckResult

_ADMIN_FLAGS = ("is_admin", "is_owner", "is_primary_owner")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DoctorCommand:
    """The checks take seconds: the listener acknowledges before it calls this."""

    client: WebClient
    run_checks: Callable[[], Sequence[CheckResult]]
    """Runs the checks of `bot.py check`."""
    bot_name: Callable[[], str]
    _running: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: SlashCommand, _command: Command) -> Message:
        """The reply, for the person alone."""
        user = request.requester.id
        refusal = self._refusal(user)
        if refusal is not None:
            return refusal
        if not self._running.acquire(blocking=False):
            return replies.text("I am looking already, for somebody else. Ask again in a few seconds.")
        try:
            posting: CheckResult = check_posting(self.client, request.slack_channel.channel, self.bot_name())
            results = [*self.run_checks(), posting]
        finally:
            self._running.release()
        _log.info("doctor", user=user, wrong=[result.check for result in results if not result.ok])
        return doctor.report(results)

    def _refusal(self, user: str) -> Message | None:
        try:
            person = self.client.users_info(user=user)["user"]
        except SlackApiError as error:
            return _unknown(str(error.response.get("error")))
        except (SlackClientError, OSError, HTTPException, ValueError) as error:
            return _unknown(type(error).__name__)
        # A person from another company can be an admin over there.
        if any(person.get(flag) for flag in _ADMIN_FLAGS) and not person.get("is_stranger"):
            return None
        return replies.text("Only admins and owners of this workspace may ask for that. Show them what you see.")


def _unknown(error: str) -> Message:
    if error == "missing_scope":
        return replies.text(
            "I can't tell whether you are an admin of this workspace: the app lacks the scope `users:read`. Whoever set"
            " me up can add it under OAuth & Permissions and install the app again, or run `bot.py check`."
        )
    return replies.text(
        f"Slack does not tell me just now whether you are an admin of this workspace ({plain(error, 80)}). Try again,"
        " or have `bot.py check` run where I run."
    )


CHECK_NAME = "posting here"
_POST_ANYWHERE = "chat:write.public"
_NO_CHANNEL = ("channel_not_found", "not_in_channel")


@dataclass(frozen=True, slots=True)
class PostingCheck:
    """A `CheckResult`."""

    ok: bool
    detail: str
    note: bool = False
    check: str = CHECK_NAME


def check_posting(client: WebClient, channel_id: str, bot_name: str) -> PostingCheck:
    """Whether the bot can post in a channel, as far as Slack says without a post.

    A channel in which only some people may post shows that only when the bot posts.
    """
    invite = f"Invite me: /invite @{bot_name}"
    try:
        response = client.conversations_info(channel=channel_id)
    except SlackApiError as error:
        return _refused(str(error.response.get("error")), error.response.get("needed"), invite)
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        return PostingCheck(True, f"not known: Slack does not answer ({type(error).__name__})", note=True)
    return _can_post(response["channel"], _scopes(response.headers), invite)


def _refused(error: str, needed: str | None, invite: str) -> PostingCheck:
    if error in _NO_CHANNEL:
        return PostingCheck(False, f"I am not in this channel ({error}). {invite}")
    if error == "missing_scope":
        scope = needed or "channels:read or groups:read"
        unknown = f"not known: the app lacks the scope {scope}. {invite}, if I am not a member"
        return PostingCheck(True, unknown, note=True)
    return PostingCheck(True, f"not known: {error}", note=True)


def _can_post(channel: Mapping[str, Any], scopes: str, invite: str) -> PostingCheck:
    if channel.get("is_archived"):
        return PostingCheck(False, "this channel is archived: nobody can post here. Record from another one")
    if channel.get("is_member") or channel.get("is_im"):
        return PostingCheck(True, "I am in this channel")
    if channel.get("is_private"):
        return PostingCheck(False, f"I am not in this channel. {invite}")
    if scopes and _POST_ANYWHERE not in scopes.split(","):
        return PostingCheck(False, f"I am not in this channel, and the app lacks the scope {_POST_ANYWHERE}. {invite}")
    if not scopes:
        return PostingCheck(True, f"not known: Slack does not tell the scopes. {invite}", note=True)
    return PostingCheck(True, f"I am not in this channel, and may post here all the same ({_POST_ANYWHERE})")


def _scopes(headers: Mapping[str, Any]) -> str:
    """The bot token's scopes, with commas between them. The SDK gives a header as text or as a list."""
    values = [value for name, value in dict(headers).items() if name.lower() == "x-oauth-scopes"]
    scopes = values[0] if values else ""
    return (",".join(scopes) if isinstance(scopes, list) else str(scopes)).replace(" ", "")
