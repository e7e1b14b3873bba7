"""`/record doctor`: for admins, whether everything is set up as it should be, and whether this channel can be used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from messages import doctor, replies
from messages.blocks import Message, plain
from messages.doctor import CheckResult

_ADMIN = ("is_admin", "is_owner", "is_primary_owner")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Doctor:
    """Answers the command. It takes seconds: acknowledge first. `look` is what `bot.py check` looks at."""

    client: WebClient
    look: Callable[[], Sequence[CheckResult]]
    bot_name: Callable[[], str]
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, command: dict[str, Any]) -> Message:
        """The reply to a slash command as Slack sent it, for the person alone."""
        refusal = self._refusal(command["user_id"])
        if refusal is not None:
            return refusal
        if not self._looking.acquire(blocking=False):
            return replies.text("I am looking already, for somebody else. Ask again in a few seconds.")
        try:
            here: PostHere = post_here(self.client, command["channel_id"], self.bot_name())
            found = [*self.look(), here]
        finally:
            self._looking.release()
        wrong = [finding.check for finding in found if not finding.ok]
        _log.info("doctor", user=command["user_id"], wrong=wrong)
        return doctor.report(found)

    def _refusal(self, user: str) -> Message | None:
        try:
            person = self.client.users_info(user=user)["user"]
        except SlackApiError as error:
            return _unknown(str(error.response.get("error")))
        except (SlackClientError, OSError, HTTPException, ValueError) as error:
            return _unknown(type(error).__name__)
        # Who is from another company may be an admin there.
        if any(person.get(name) for name in _ADMIN) and not person.get("is_stranger"):
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


WHAT = "posting here"
_ANYWHERE = "chat:write.public"
_NO_CHANNEL = ("channel_not_found", "not_in_channel")


@dataclass(frozen=True, slots=True)
class PostHere:
    """A finding."""

    ok: bool
    detail: str
    note: bool = False
    check: str = WHAT


def post_here(client: WebClient, channel_id: str, bot_name: str) -> PostHere:
    """What Slack says of the channel and the bot. That only some may post there shows only when it posts."""
    invite = f"Invite me: /invite @{bot_name}"
    try:
        answer = client.conversations_info(channel=channel_id)
    except SlackApiError as error:
        return _refused(str(error.response.get("error")), error.response.get("needed"), invite)
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        return PostHere(True, f"not known: Slack does not answer ({type(error).__name__})", note=True)
    return _told(answer["channel"], _scopes(answer.headers), invite)


def _refused(error: str, needed: str | None, invite: str) -> PostHere:
    if error in _NO_CHANNEL:
        return PostHere(False, f"I am not in this channel ({error}). {invite}")
    if error == "missing_scope":
        scope = needed or "channels:read or groups:read"
        return PostHere(True, f"not known: the app lacks the scope {scope}. {invite}, if I am not a member", note=True)
    return PostHere(True, f"not known: {error}", note=True)


def _told(channel: Mapping[str, Any], scopes: str, invite: str) -> PostHere:
    if channel.get("is_archived"):
        return PostHere(False, "this channel is archived: nobody can post here. Record from another one")
    if channel.get("is_member") or channel.get("is_im"):
        return PostHere(True, "I am in this channel")
    if channel.get("is_private"):
        return PostHere(False, f"I am not in this channel. {invite}")
    if scopes and _ANYWHERE not in scopes.split(","):
        return PostHere(False, f"I am not in this channel, and the app lacks the scope {_ANYWHERE}. {invite}")
    if not scopes:
        return PostHere(True, f"not known: Slack does not tell the scopes. {invite}", note=True)
    return PostHere(True, f"I am not in this channel, and may post here all the same ({_ANYWHERE})")


def _scopes(headers: Mapping[str, Any]) -> str:
    told = [value for name, value in dict(headers).items() if name.lower() == "x-oauth-scopes"]
    text = told[0] if told else ""
    return ",".join(text).replace(" ", "") if isinstance(text, list) else str(text).replace(" ", "")
