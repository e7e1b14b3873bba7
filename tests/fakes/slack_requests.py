"""Requests as Slack sends them, and as the handlers get them."""

from __future__ import annotations

import itertools
from typing import Any

from handlers.requests import Press, SlashCommand

_NUMBERS = itertools.count()


def command_payload(text: str = "", **facts: Any) -> dict[str, Any]:
    """`/record …`, typed by U1 in #daily of the workspace acme; each one has a trigger of its own."""
    payload = {
        "command": "/record",
        "text": text,
        "team_id": "T1",
        "team_domain": "acme",
        "channel_id": "C1",
        "channel_name": "daily",
        "user_id": "U1",
        "response_url": "https://hooks.example/1",
        "trigger_id": f"trigger-{next(_NUMBERS)}",
    }
    return payload | facts


def a_command(text: str = "", **facts: Any) -> SlashCommand:
    return SlashCommand.parse(command_payload(text, **facts))


def press_payload(
    value: str = "rec1", *, by: str = "U2", channel: str = "C1", ts: str = "1.000100", **facts: Any
) -> dict[str, Any]:
    """A press on a button of a message."""
    payload = {
        "type": "block_actions",
        "team": {"id": "T1", "domain": "acme"},
        "channel": {"id": channel},
        "user": {"id": by},
        "container": {"type": "message", "message_ts": ts, "channel_id": channel},
        "trigger_id": f"trigger-{next(_NUMBERS)}",
        "response_url": "https://hooks.example/1",
        "actions": [{"action_id": "button", "value": value}],
    }
    return payload | facts


def a_press(value: str = "rec1", **facts: Any) -> Press:
    return Press.parse(press_payload(value, **facts))
