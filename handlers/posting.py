"""Whether the bot can post in a channel, without posting anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

WHAT = "posting here"
_ANYWHERE = "chat:write.public"
_NO_CHANNEL = ("channel_not_found", "not_in_channel")


@dataclass(frozen=True, slots=True)
class PostHere:
    """A finding."""

    ok: bool
    found: str
    note: bool = False
    what: str = WHAT


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
