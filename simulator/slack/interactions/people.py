"""People: they type commands, press buttons, fill in forms, and read what comes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulator.slack.blocks.checks import view_problems
from simulator.slack.interactions.deliveries import Delivery, Dispatcher
from simulator.slack.interactions.interaction import Interaction, Replies, ResponseUrls
from simulator.slack.interactions.payloads import Payloads
from simulator.slack.network.http import Json
from simulator.slack.workspace.text import entities, escape
from simulator.slack.workspace.views import STATE_KEYS, View, Views, chosen, state_of
from simulator.slack.workspace.workspace import Channel, Message, Moment, User, World, WorldError, interactive

Where = Message | View


class Slack(Protocol):
    """What a person needs of the workspace."""

    world: World
    payloads: Payloads
    dispatcher: Dispatcher
    hooks: ResponseUrls
    replies: Replies
    should_escape: bool
    interactions: list[Interaction]

    @property
    def base_url(self) -> str: ...

    def send_event(self, event: Json, *, connection: str | None = None) -> list[Delivery]: ...


@dataclass(eq=False)
class Person:
    """One person at one keyboard."""

    user: User
    _slack: Slack = field(repr=False)

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def command(
        self,
        command: str,
        text: str = "",
        *,
        channel: Channel | str,
        wait: bool = True,
        connection: str | None = None,
    ) -> Interaction:
        """Type a slash command; waits (at most 3 s) for the acknowledgement unless told not to."""
        place = self._writable(channel)
        typed = escape(text, self._world, self.user) if self._slack.should_escape else entities(text)
        path, url = self._slack.hooks.new("commands", self._slack.base_url)
        payload = self._slack.payloads.command(self.user, place, command, typed.strip(), url)
        interaction = self._interaction("slash_commands", payload, place)
        self._slack.hooks.attach(path, interaction)
        interaction.send(connection, lambda body: self._slack.replies.to_command(interaction, body))
        return interaction.wait() if wait else interaction

    def press(
        self,
        where: Where,
        action_id: str,
        value: str | None = None,
        *,
        wait: bool = True,
        stale: bool = False,
        connection: str | None = None,
    ) -> Interaction:
        """Press a button (past its confirmation); `stale`: one that has gone since, as on a screen not yet redrawn.

        `value` chooses among buttons that share an action_id.
        """
        block, element = self._find(where, action_id, value, stale=stale)
        if element["type"] != "button":
            raise WorldError(f"{action_id} is a {element['type']}: choose() instead")
        facts: Json = {name: element[name] for name in ("text", "value", "style", "url") if name in element}
        return self._act(where, block, element, facts, wait=wait, connection=connection)

    def choose(
        self,
        where: Where,
        action_id: str,
        value: Any,
        *,
        wait: bool = True,
        stale: bool = False,
        connection: str | None = None,
    ) -> Interaction:
        """Choose in a select, overflow menu, picker …; an option by its value or its words, several as a list; `stale`:
        as for `press`."""
        block, element = self._find(where, action_id, None, stale=stale)
        selected = chosen(element, value)
        where.filled[(block["block_id"], element["action_id"])] = selected
        facts = {STATE_KEYS[element["type"]]: selected}
        return self._act(where, block, element, facts, wait=wait, connection=connection)

    def fill(self, view: View, values: Json) -> None:
        """Fill in fields by action_id (or block_id), without submitting."""
        for name, value in values.items():
            block, element = self._field(view, name)
            view.filled[(block["block_id"], element["action_id"])] = chosen(element, value)

    def submit(
        self, view: View, values: Json | None = None, *, wait: bool = True, connection: str | None = None
    ) -> Interaction:
        """Fill in and submit a modal; WorldError where Slack itself would not send it (a required field is empty)."""
        if not view.open:
            raise WorldError("the view is closed")
        self.fill(view, values or {})
        _check_filled(view)
        view.errors = {}
        interaction = self._interaction("interactive", self._slack.payloads.submission(self.user, view), None)
        interaction.send(connection, lambda body: self._submitted(view, interaction, body or {}))
        return interaction.wait() if wait else interaction

    def close(self, view: View, *, whole_stack: bool = False) -> Interaction | None:
        """Close a modal; the app hears of it where the view says `notify_on_close`."""
        self._views.close(view, whole_stack=whole_stack)
        if not view.body.get("notify_on_close"):
            return None
        payload = self._slack.payloads.closed(self.user, view, is_cleared=whole_stack)
        return self._interaction("interactive", payload, None).send().wait()

    def open_home(self) -> list[Delivery]:
        """Open the app's Home tab: an `app_home_opened` event."""
        direct = self._world.direct(self._world.bot, self.user)
        return self._slack.send_event({"type": "app_home_opened", "user": self.id, "channel": direct.id, "tab": "home"})

    def say(self, channel: Channel | str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write a plain message."""
        return self._world.add_message(self._writable(channel), self.user, text, thread_ts=thread_ts, via="person")

    def join(self, channel: Channel | str) -> None:
        with self._world.changed:
            self._world.channel(channel).members.add(self.id)

    def leave(self, channel: Channel | str) -> None:
        with self._world.changed:
            self._world.channel(channel).members.discard(self.id)

    @property
    def direct(self) -> Channel:
        """This person's direct messages with the bot."""
        return self._world.direct(self._world.bot, self.user)

    @property
    def home(self) -> View | None:
        return self._views.home(self.user)

    @property
    def modal(self) -> View | None:
        """The modal in front, if one is open."""
        stack = self._views.stack(self.user)
        return stack[-1] if stack else None

    def ephemerals(self, channel: Channel | str) -> list[Message]:
        """What only this person sees there."""
        return [m for m in self._world.channel(channel).messages if m.ephemeral_to == self.id and not m.deleted]

    @property
    def _world(self) -> World:
        return self._slack.world

    @property
    def _views(self) -> Views:
        return self._slack.payloads.context.views

    def _writable(self, ref: Channel | str) -> Channel:
        channel = self._world.channel(ref)
        if self.id not in channel.members:
            raise WorldError(f"{self.name} is not in #{channel.name}")
        if channel.archived:
            raise WorldError(f"#{channel.name} is archived: nobody can write there")
        return channel

    def _interaction(
        self, type: str, payload: Json, channel: Channel | None, source: Message | None = None
    ) -> Interaction:
        interaction = Interaction(type, payload, self.user, channel, self._slack.dispatcher, source)
        with self._world.changed:
            self._slack.interactions.append(interaction)
            self._world.note(_moment(interaction))
        return interaction

    def _find(self, where: Where, action_id: str, value: str | None, *, stale: bool = False) -> tuple[Json, Json]:
        if isinstance(where, Message) and where.ephemeral_to not in (None, self.id):
            raise WorldError(f"{self.name} does not see this message")
        if isinstance(where, Message) and where.deleted and not stale:
            raise WorldError("the message has been deleted")
        blocks = [*where.blocks]
        if stale and isinstance(where, Message):
            blocks += [block for version in reversed(where.edits) for block in version.blocks]
        for block, element in interactive(blocks):
            if element["action_id"] == action_id and value in (None, element.get("value")):
                return block, element
        raise WorldError(f"nothing to press with action_id {action_id}, only {sorted(where.elements)}")

    def _field(self, view: View, name: str) -> tuple[Json, Json]:
        for block, element in interactive(view.blocks):
            if name in (element["action_id"], block["block_id"]):
                return block, element
        raise WorldError(f"no field {name}, only {sorted(view.elements)}")

    def _act(
        self, where: Where, block: Json, element: Json, facts: Json, *, wait: bool, connection: str | None
    ) -> Interaction:
        action = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            **facts,
            "action_ts": self._world.new_ts(),
        }
        interaction = self._on_view(where, action) if isinstance(where, View) else self._on_message(where, action)
        interaction.confirm = element.get("confirm")
        interaction.send(connection)
        return interaction.wait() if wait else interaction

    def _on_view(self, view: View, action: Json) -> Interaction:
        return self._interaction("interactive", self._slack.payloads.view_action(self.user, view, action), None)

    def _on_message(self, message: Message, action: Json) -> Interaction:
        path, url = self._slack.hooks.new("actions", self._slack.base_url)
        payload = self._slack.payloads.message_action(self.user, message, action, url)
        channel = self._world.channel(message.channel)
        interaction = self._interaction("interactive", payload, channel, message)
        self._slack.hooks.attach(path, interaction)
        return interaction

    def _submitted(self, view: View, interaction: Interaction, body: Json) -> None:
        """What the acknowledgement of a submission does to the modal."""
        act = _RESPONSE_ACTIONS.get(str(body.get("response_action")), _close)
        act(self._views, view, interaction, body)


def _moment(interaction: Interaction) -> Moment:
    payload, place = interaction.payload, interaction.channel.name if interaction.channel else ""
    if "command" in payload:
        return Moment(time.time(), "command", interaction.user.name, place, f"{payload['command']} {payload['text']}")
    words = [str(action["action_id"]) for action in payload.get("actions", [])]
    ts = interaction.source.ts if interaction.source else None
    return Moment(time.time(), payload["type"], interaction.user.name, place, " ".join(words), ts)


def _check_filled(view: View) -> None:
    values = state_of(view.blocks, view.filled)["values"]
    for block in view.blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        value = values[block["block_id"]][element["action_id"]][STATE_KEYS[element["type"]]]
        if value in (None, "", []) and not block.get("optional"):
            raise WorldError(f"{block['label']['text']} is required")
        if isinstance(value, str) and len(value) > element.get("max_length", 3000):
            raise WorldError(f"{block['label']['text']} is too long")


def _close(views: Views, view: View, interaction: Interaction, body: Json) -> None:
    del interaction, body
    views.close(view)


def _clear(views: Views, view: View, interaction: Interaction, body: Json) -> None:
    del interaction, body
    views.close(view, whole_stack=True)


def _errors(views: Views, view: View, interaction: Interaction, body: Json) -> None:
    del views
    errors = body.get("errors") or {}
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not errors or not set(errors) <= inputs:
        interaction.refused = "invalid_errors"
    else:
        view.errors = interaction.errors = dict(errors)


def _update(views: Views, view: View, interaction: Interaction, body: Json) -> None:
    if view_problems(body.get("view")):
        interaction.refused = "invalid_view"
    else:
        views.replace(view, body["view"])


def _push(views: Views, view: View, interaction: Interaction, body: Json) -> None:
    if view_problems(body.get("view")):
        interaction.refused = "invalid_view"
    else:
        views.open(view.user, body["view"], view)


_RESPONSE_ACTIONS: dict[str, Callable[[Views, View, Interaction, Json], None]] = {
    "clear": _clear,
    "errors": _errors,
    "update": _update,
    "push": _push,
}
