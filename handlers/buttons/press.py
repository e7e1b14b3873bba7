"""A press, as Slack sends it (`block_actions`), taken apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from recordings.service.start_stop import SlackChannelRef


@dataclass(frozen=True, slots=True)
class Press:
    """Who pressed what, and where. `value`: the button's, or that of the option that was chosen."""

    value: str
    place: SlackChannelRef
    by: str
    domain: str
    message_ts: str


def pressed(body: dict[str, Any]) -> Press:
    team, container, action = body.get("team") or {}, body.get("container") or {}, body["actions"][0]
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or ""
    return Press(
        value=(action.get("selected_option") or action).get("value") or "",
        place=SlackChannelRef(team.get("id") or "", channel),
        by=body["user"]["id"],
        domain=team.get("domain") or "app",
        message_ts=container.get("message_ts") or "",
    )


def delivery_key(payload: dict[str, Any]) -> str:
    """A name for a request: equal for two deliveries of one, different for two requests of a person."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True, default=str).encode()).hexdigest()
