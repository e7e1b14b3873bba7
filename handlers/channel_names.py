"""The name of a Slack channel, where it can be known."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

_NOT_A_NAME = ("privategroup", "directmessage", "mpdm-", "group")


@dataclass(frozen=True, slots=True)
class ChannelNames:
    """Asks Slack only where the command does not tell: the client's time-out has to be well under a second."""

    client: WebClient

    def __call__(self, channel_id: str, told: str) -> str | None:
        if told and not told.startswith(_NOT_A_NAME[:3]) and told != _NOT_A_NAME[3]:
            return told
        if told == "directmessage" or told.startswith("mpdm-"):
            return None
        try:
            channel = self.client.conversations_info(channel=channel_id)["channel"]
        except (SlackClientError, OSError, HTTPException, ValueError):
            return None
        return str(channel["name"]) if channel.get("name") else None
