"""Requests of Slack, parsed once: who asks, where, for what, and whether it is a second delivery.

Shapes: docs.slack.dev, slash commands; block_actions and view_submission payloads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from recordings.model.requester import Requester, SlackChannelRef

_NO_DOMAIN = "app"
"""The workspace in links to cards if Slack does not name it: `app.slack.com` finds the right one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackRequest:
    """What every kind of request has."""

    requester: Requester
    domain: str = _NO_DOMAIN
    """The workspace's part of `https://….slack.com`."""
    response_url: str | None = field(default=None, repr=False)
    """Accepts replies for 30 minutes, from anybody who knows it."""
    delivery_key: str
    """Equal for two deliveries of one request, different for two requests of a person."""

    def with_requester(self, requester: Requester) -> Self:
        return replace(self, requester=requester)

    @property
    def slack_channel(self) -> SlackChannelRef:
        return self.requester.slack_channel


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand(SlackRequest):
    """A slash command."""

    text: str
    """What stands behind `/record`, as Slack sends it: `&`, `<` and `>` as entities."""
    channel_name: str
    """The name of the Slack channel; in a private one only `privategroup` or nothing."""
    trigger_id: str
    """Opens a form within 3 seconds."""

    @classmethod
    def parse(cls, command: Mapping[str, Any]) -> SlashCommand:
        team, organisation = command.get("team_id") or "", command.get("enterprise_id") or ""
        requester = Requester.slack_user(
            command["user_id"],
            SlackChannelRef(team, command["channel_id"]),
            display_name=command.get("user_name") or "",
            teams=_named(team, organisation),
            workspace=team,
        )
        return cls(
            requester=requester,
            domain=command.get("team_domain") or _NO_DOMAIN,
            response_url=command.get("response_url"),
            delivery_key=delivery_key(command),
            text=command.get("text") or "",
            channel_name=command.get("channel_name") or "",
            trigger_id=command.get("trigger_id") or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Press(SlackRequest):
    """A press on a button, or a choice in a menu of a message."""

    value: str
    """The button's value, or that of the chosen option."""
    message_ts: str
    ephemeral: bool
    """The button is on a reply that only the person sees, not on a card or an alert."""
    channel_name: str = ""
    """As in a command."""
    trigger_id: str = ""
    """Opens a form within 3 seconds."""

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Press:
        """A `block_actions` payload."""
        container, action = body.get("container") or {}, body["actions"][0]
        channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or ""
        team = body.get("team") or {}
        return cls(
            requester=_person(body, SlackChannelRef(team.get("id") or "", channel)),
            domain=team.get("domain") or _NO_DOMAIN,
            response_url=body.get("response_url"),
            delivery_key=delivery_key(body),
            value=(action.get("selected_option") or action).get("value") or "",
            message_ts=container.get("message_ts") or "",
            ephemeral=bool(container.get("is_ephemeral")),
            channel_name=(body.get("channel") or {}).get("name") or "",
            trigger_id=body.get("trigger_id") or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(SlackRequest):
    """A form that somebody sent. Slack channel and `response_url` are those of the command that opened it."""

    view: Mapping[str, Any]

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Submission:
        """A `view_submission` payload."""
        view = body["view"]
        opened_by = json.loads(view.get("private_metadata") or "{}")
        slack_channel = SlackChannelRef(opened_by.get("team") or "", opened_by.get("channel") or "")
        return cls(
            requester=_person(body, slack_channel),
            response_url=opened_by.get("response_url"),
            delivery_key=f"form {view['id']}",
            view=view,
        )


def form_metadata(request: SlackRequest) -> str:
    """What Slack keeps in the form and sends back with it."""
    channel = request.slack_channel
    return json.dumps({"team": channel.team, "channel": channel.channel, "response_url": request.response_url})


def delivery_key(payload: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(payload, sort_keys=True, default=str).encode()).hexdigest()


def _person(body: Mapping[str, Any], slack_channel: SlackChannelRef) -> Requester:
    """In a shared channel `user.team_id` and `team.id` can differ; in an organisation the first one can be the
    organisation's id (docs.slack.dev, block_actions payload)."""
    user, team = body["user"], (body.get("team") or {}).get("id") or ""
    organisation = (body.get("enterprise") or {}).get("id") or ""
    return Requester.slack_user(
        user["id"],
        slack_channel,
        display_name=user.get("name") or "",
        teams=_named(user["team_id"]) if user.get("team_id") else _named(team, organisation),
        workspace=team,
    )


def _named(*ids: str) -> frozenset[str]:
    return frozenset(ids) - {""}
