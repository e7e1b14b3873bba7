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
from messages import doctor
from messages.blocks import Message
from messages.config import DEFAULT_CONTACT
from messages.doctor import CheckResult

_ADMIN_FLAGS = ("is_admin", "is_owner", "is_primary_owner")
_NO_ANSWER = (SlackClientError, OSError, HTTPException, ValueError)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DoctorCommand:
    """The checks take seconds: the listener acknowledges between `refusal` and `answer`."""

    client: WebClient
    run_checks: Callable[[], Sequence[CheckResult]]
    """Runs the checks of `bot.py check`."""
    bot_name: Callable[[], str]
    contact: str = DEFAULT_CONTACT
    quick: WebClient | None = None
    """For `refusal`: has to time out within about a second. None: `client`."""
    _running: threading.Lock = field(default_factory=threading.Lock)

    def refusal(self, request: SlashCommand) -> Message | None:
        """Why nothing is checked, as far as that is known within about a second; None: go on with `answer`."""
        try:
            return self._refusal(request.requester.id, self.quick or self.client) or self._busy()
        except _NO_ANSWER:
            return self._busy()

    def _busy(self) -> Message | None:
        return doctor.already_running() if self._running.locked() else None

    def answer(self, request: SlashCommand, _command: Command) -> Message:
        """The reply, for the person alone."""
        user = request.requester.id
        try:
            refusal = self._refusal(user, self.client)
        except _NO_ANSWER as error:
            refusal = doctor.admin_unknown(type(error).__name__, self.contact)
        if refusal is not None:
            return refusal
        if not self._running.acquire(blocking=False):
            return doctor.already_running()
        try:
            posting: CheckResult = check_posting(self.client, request.slack_channel.channel, self.bot_name())
            results = [*self.run_checks(), posting]
        finally:
            self._running.release()
        _log.info("doctor", user=user, wrong=[result.check for result in results if not result.ok])
        return doctor.report(results)

    def _refusal(self, user: str, client: WebClient) -> Message | None:
        """Raises one of `_NO_ANSWER` if Slack does not answer."""
        try:
            person = client.users_info(user=user)["user"]
        except SlackApiError as error:
            return doctor.admin_unknown(str(error.response.get("error")), self.contact)
        # A person from another company can be an admin over there.
        if any(person.get(flag) for flag in _ADMIN_FLAGS) and not person.get("is_stranger"):
            return None
        return doctor.admins_only()


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
        return _refused(str(error.response.get("error")), error.response.get("needed"), bot_name)
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        return PostingCheck(True, f"not known: Slack doesn't answer ({type(error).__name__})", note=True)
    return _can_post(response["channel"], _scopes(response.headers), invite)


def _refused(error: str, needed: str | None, bot_name: str) -> PostingCheck:
    if error in _NO_CHANNEL:
        return PostingCheck(False, f"I'm not in this channel ({error}). Invite me: /invite @{bot_name}")
    if error == "missing_scope":
        scope = needed or "channels:read or groups:read"
        unknown = f"not known: the app lacks the scope {scope}. If I'm not in this channel: /invite @{bot_name}"
        return PostingCheck(True, unknown, note=True)
    return PostingCheck(True, f"not known: {error}", note=True)


def _can_post(channel: Mapping[str, Any], scopes: str, invite: str) -> PostingCheck:
    if channel.get("is_archived"):
        return PostingCheck(False, "This channel is archived, so no one can post here. Use another one")
    if channel.get("is_member") or channel.get("is_im"):
        return PostingCheck(True, "I'm in this channel")
    if channel.get("is_private"):
        return PostingCheck(False, f"I'm not in this channel. {invite}")
    if scopes and _POST_ANYWHERE not in scopes.split(","):
        return PostingCheck(False, f"I'm not in this channel, and the app lacks the scope {_POST_ANYWHERE}. {invite}")
    if not scopes:
        return PostingCheck(True, f"not known: Slack doesn't tell the scopes. {invite}", note=True)
    return PostingCheck(True, f"I'm not in this channel, but can post here ({_POST_ANYWHERE})")


def _scopes(headers: Mapping[str, Any]) -> str:
    """The bot token's scopes, with commas between them. The SDK gives a header as text or as a list."""
    values = [value for name, value in dict(headers).items() if name.lower() == "x-oauth-scopes"]
    scopes = values[0] if values else ""
    return (",".join(scopes) if isinstance(scopes, list) else str(scopes)).replace(" ", "")
