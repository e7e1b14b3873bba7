"""The payloads that Slack sends, in its own shape."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.slack.http import Json
from simulator.slack.web_api.app import Context
from simulator.slack.web_api.methods_chat import message_json
from simulator.slack.workspace.views import View, state_of
from simulator.slack.workspace.workspace import Channel, Message, User

VERIFICATION_TOKEN = "sim-verification"  # noqa: S105 (the deprecated field that every payload carries)


@dataclass(frozen=True)
class Payloads:
    """Builds payloads for this workspace."""

    context: Context

    def command(self, user: User, channel: Channel, command: str, text: str, response_url: str) -> Json:
        workspace = self.context.workspace
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": workspace.team_id,
            "team_domain": workspace.team_domain,
            "channel_id": channel.id,
            "channel_name": channel.slash_name,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": self.context.triggers.new(user),
        }

    def message_action(self, user: User, message: Message, action: Json, response_url: str) -> Json:
        """`block_actions` on a message; an ephemeral one is not in the payload itself."""
        channel = self.context.workspace.channels[message.channel]
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": message.ephemeral_to is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        shown = {} if message.ephemeral_to else {"message": self._message(message)}
        return {
            **self._base("block_actions", user),
            "container": container,
            "channel": {"id": channel.id, "name": channel.slash_name},
            **shown,
            "state": state_of(message.blocks, message.filled),
            "response_url": response_url,
            "actions": [action],
        }

    def view_action(self, user: User, view: View, action: Json) -> Json:
        return {
            **self._base("block_actions", user),
            "container": {"type": "view", "view_id": view.id},
            "view": self.context.views.as_json(view),
            "actions": [action],
        }

    def submission(self, user: User, view: View) -> Json:
        shown = self.context.views.as_json(view)
        return {**self._base("view_submission", user), "view": shown, "response_urls": []}

    def closed(self, user: User, view: View, *, is_cleared: bool) -> Json:
        shown = self.context.views.as_json(view)
        return {**self._base("view_closed", user), "view": shown, "is_cleared": is_cleared}

    def event(self, event: Json) -> Json:
        workspace = self.context.workspace
        bot = {"enterprise_id": None, "team_id": workspace.team_id, "user_id": workspace.bot.id}
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": workspace.team_id,
            "api_app_id": workspace.app_id,
            "event": {"event_ts": workspace.new_ts(), **event},
            "type": "event_callback",
            "event_id": workspace.new_id("Ev"),
            "event_time": int(workspace.clock.wall()),
            "authorizations": [{**bot, "is_bot": True, "is_enterprise_install": False}],
            "is_ext_shared_channel": False,
        }

    def _message(self, message: Message) -> Json:
        # Slack's documentation does not promise the metadata here, so nothing should be built on it.
        shown = message_json(self.context, message)
        shown.pop("metadata", None)
        return shown

    def _base(self, type: str, user: User) -> Json:
        workspace = self.context.workspace
        return {
            "type": type,
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
            "api_app_id": workspace.app_id,
            "token": VERIFICATION_TOKEN,
            "trigger_id": self.context.triggers.new(user),
            "team": {"id": workspace.team_id, "domain": workspace.team_domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }
