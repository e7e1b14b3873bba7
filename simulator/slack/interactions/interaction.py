"""Interactions (a command, a press, a submission) and everything that the app answered."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.slack.blocks.checks import message_problems, metadata_valid, too_long, with_ids
from simulator.slack.http import Json, Response, json_response
from simulator.slack.interactions.deliveries import Delivery, Dispatcher
from simulator.slack.workspace.workspace import Channel, Message, User, Workspace


@dataclass(eq=False)
class Interaction:
    """A command, a press or a submission: its payload, its acknowledgement, and messages by `response_url`."""

    type: str
    payload: Json = field(repr=False)
    user: User
    channel: Channel | None
    dispatcher: Dispatcher = field(repr=False)
    source: Message | None = None
    deliveries: list[Delivery] = field(default_factory=list)
    reply: Message | None = None
    refused: str | None = None
    responses: list[Message] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    confirm: Json | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(6))

    @property
    def delivery(self) -> Delivery:
        return self.deliveries[0]

    @property
    def acknowledged(self) -> bool:
        """Acknowledged within Slack's limit of 3 s."""
        return self.delivery.acknowledged

    @property
    def latency(self) -> float | None:
        """Seconds until the acknowledgement, in time or late; None without one."""
        return self.delivery.latency

    @property
    def error(self) -> str | None:
        """The error that the person sees instead of an answer, such as `operation_timeout`."""
        return self.delivery.error or self.refused

    @property
    def response_url(self) -> str:
        return str(self.payload.get("response_url", ""))

    @property
    def trigger_id(self) -> str:
        return str(self.payload.get("trigger_id", ""))

    @property
    def answers(self) -> list[Message]:
        """Everything that the app answered: the reply in the acknowledgement, then the responses."""
        return [*([self.reply] if self.reply else []), *self.responses]

    def wait(self) -> Interaction:
        """Wait until it is acknowledged, or until it is too late for that."""
        self.dispatcher.wait(self.delivery)
        return self

    def send(self, connection: str | None = None, on_ack: Callable[[Any], None] | None = None) -> Interaction:
        self.deliveries.append(self.dispatcher.send(self.type, self.payload, connection=connection, on_ack=on_ack))
        return self

    def repeat(self, connection: str | None = None) -> Delivery:
        """Deliver the same envelope again, as Slack may after a lost acknowledgement; waits for the answer."""
        again = self.dispatcher.send(
            self.type, self.payload, envelope_id=self.delivery.envelope_id, connection=connection
        )
        self.deliveries.append(again)
        self.dispatcher.wait(again)
        return again

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "type": self.type,
            "user": self.user.name,
            "channel": self.channel.name if self.channel else None,
            "acknowledged": self.acknowledged,
            "latency": self.latency,
            "error": self.error,
            "reply": self.reply.as_json() if self.reply else None,
            "responses": [message.as_json() for message in self.responses],
            "errors": self.errors,
            "deliveries": [delivery.as_json() for delivery in self.deliveries],
        }


class Refused(Exception):
    """Slack can't show a reply; the text is Slack's error."""


def check_reply(body: Json) -> None:
    """Raise Refused if this can't be shown as a message."""
    blocks = body.get("blocks")
    if blocks and message_problems(blocks):
        raise Refused("invalid_blocks")
    if blocks and too_long(blocks):
        raise Refused("msg_blocks_too_long")
    if not blocks and not body.get("text") and not body.get("attachments"):
        raise Refused("no_text")


class Replies:
    """Shows answers of the app (by acknowledgement or `response_url`) to people."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def to_command(self, interaction: Interaction, body: Any) -> None:
        """The reply in the acknowledgement of a slash command."""
        if not body:
            return
        try:
            check_reply(body)
        except Refused:
            interaction.refused = "invalid_command_response"
            return
        interaction.reply = self.show(interaction, body, via="ack")

    def show(self, interaction: Interaction, body: Json, *, via: str) -> Message:
        assert interaction.channel is not None  # noqa: S101 (who has a response_url has a channel)
        private = body.get("response_type", "ephemeral") != "in_channel"
        return self._workspace.add_message(
            interaction.channel,
            self._workspace.bot,
            str(body.get("text") or ""),
            blocks=with_ids(body.get("blocks") or []),
            metadata=_metadata(body.get("metadata")),
            thread_ts=body.get("thread_ts"),
            ephemeral_to=interaction.user.id if private else None,
            via=via,
        )


class ResponseUrls:
    """Five uses within thirty minutes for each interaction."""

    def __init__(self, workspace: Workspace, replies: Replies, *, uses: int = 5, seconds: float = 1800.0) -> None:
        self._workspace = workspace
        self._replies = replies
        self.uses = uses
        self.seconds = seconds
        self._hooks: dict[str, _Hook] = {}

    def new(self, kind: str, base: str) -> tuple[str, str]:
        """The path and URL of a `response_url`, for an interaction that is made afterwards."""
        path = f"/{kind}/{self._workspace.team_id}/{secrets.randbits(40)}/{secrets.token_urlsafe(18)}"
        return path, base + path

    def attach(self, path: str, interaction: Interaction) -> None:
        with self._workspace.changes:
            self._hooks[path] = _Hook(interaction, self._workspace.clock.monotonic())

    def handle(self, path: str, body: Json) -> Response:
        """A POST to a `response_url`."""
        with self._workspace.changes:
            hook = self._hooks.get(path)
            if hook is None or self._workspace.clock.monotonic() - hook.made > self.seconds:
                return json_response({"ok": False, "error": "expired_url"}, 404)
            if hook.used >= self.uses:
                return json_response({"ok": False, "error": "used_url"}, 404)
            hook.used += 1
        try:
            self._apply(hook.interaction, body)
        except Refused as refused:
            return json_response({"ok": False, "error": str(refused)}, 400)
        return Response(200, b"ok", "text/plain; charset=utf-8")

    def _apply(self, interaction: Interaction, body: Json) -> None:
        source = interaction.source
        if source and _true(body.get("delete_original")):
            self._workspace.delete(source)
            return
        check_reply(body)
        if source and _true(body.get("replace_original")):
            metadata = _metadata(body["metadata"]) if "metadata" in body else source.metadata
            self._workspace.edit(source, str(body.get("text") or ""), with_ids(body.get("blocks") or []), metadata)
            return
        with self._workspace.changes:
            interaction.responses.append(self._replies.show(interaction, body, via="response_url"))
            self._workspace.changes.announce("interaction", interaction.id)


@dataclass(eq=False)
class _Hook:
    interaction: Interaction
    made: float
    used: int = 0


def _metadata(value: Any) -> Json | None:
    return value if metadata_valid(value) else None


def _true(value: Any) -> bool:
    return value is True or value == "true"
