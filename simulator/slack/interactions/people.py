"""People: they type commands, press buttons, fill in forms, and read the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulator.slack.blocks.checks import view_problems
from simulator.slack.http import Json
from simulator.slack.interactions.deliveries import Delivery, Dispatcher
from simulator.slack.interactions.interaction import Interaction, Replies, ResponseUrls
from simulator.slack.interactions.payloads import Payloads
from simulator.slack.workspace.text import entities, escape
from simulator.slack.workspace.views import STATE_KEYS, View, Views, selection, state_of
from simulator.slack.workspace.workspace import Channel, Message, Moment, User, Workspace, WorkspaceError, interactive

Where = Message | View


class Slack(Protocol):
    """The part of the simulator that people use."""

    workspace: Workspace
    payloads: Payloads
    dispatcher: Dispatcher
    response_urls: ResponseUrls
    replies: Replies
    should_escape: bool
    interactions: list[Interaction]

    @property
    def base_url(self) -> str: ...

    def send_event(self, event: Json, *, connection: str | None = None) -> list[Delivery]: ...


@dataclass(eq=False)
class Person:
    """One person; each action is delivered to the app."""

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
        """Type a slash command; waits for the acknowledgement (at most 3 s) unless `wait` is false."""
        place = self._writable(channel)
        typed = escape(text, self._workspace, self.user) if self._slack.should_escape else entities(text)
        path, url = self._slack.response_urls.new("commands", self._slack.base_url)
        payload = self._slack.payloads.command(self.user, place, command, typed.strip(), url)
        interaction = self._interaction("slash_commands", payload, place)
        self._slack.response_urls.attach(path, interaction)
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
        """Press a button and confirm it; `stale`: also a button that an edit has removed, as on an old screen.

        `value` selects one of several buttons with one action_id.
        """
        block, element = self._find_element(where, action_id, value, stale=stale)
        if element["type"] != "button":
            raise WorkspaceError(f"{action_id} is a {element['type']}: choose() instead")
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
        """Choose in a select, overflow menu, picker …: an option by its value or text, several options as a list.

        `stale`: as for `press`.
        """
        block, element = self._find_element(where, action_id, None, stale=stale)
        selected = selection(element, value)
        where.filled[(block["block_id"], element["action_id"])] = selected
        facts = {STATE_KEYS[element["type"]]: selected}
        return self._act(where, block, element, facts, wait=wait, connection=connection)

    def fill(self, view: View, values: Json) -> None:
        """Fill in fields by action_id (or block_id), without submitting."""
        for name, value in values.items():
            block, element = self._field(view, name)
            view.filled[(block["block_id"], element["action_id"])] = selection(element, value)

    def submit(
        self, view: View, values: Json | None = None, *, wait: bool = True, connection: str | None = None
    ) -> Interaction:
        """Fill in and submit a modal; WorkspaceError if Slack itself would not send it (a required field is empty)."""
        if not view.open:
            raise WorkspaceError("the view is closed")
        self.fill(view, values or {})
        _check_filled(view)
        view.errors = {}
        interaction = self._interaction("interactive", self._slack.payloads.submission(self.user, view), None)
        interaction.send(connection, lambda body: self._submitted(view, interaction, body or {}))
        return interaction.wait() if wait else interaction

    def close(self, view: View, *, whole_stack: bool = False) -> Interaction | None:
        """Close a modal; the app is notified if the view has `notify_on_close`."""
        self._views.close(view, whole_stack=whole_stack)
        if not view.body.get("notify_on_close"):
            return None
        payload = self._slack.payloads.closed(self.user, view, is_cleared=whole_stack)
        return self._interaction("interactive", payload, None).send().wait()

    def open_home(self) -> list[Delivery]:
        """Open the app's Home tab: an `app_home_opened` event."""
        direct = self._workspace.direct(self._workspace.bot, self.user)
        return self._slack.send_event({"type": "app_home_opened", "user": self.id, "channel": direct.id, "tab": "home"})

    def say(self, channel: Channel | str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write a plain message."""
        return self._workspace.add_message(self._writable(channel), self.user, text, thread_ts=thread_ts, via="person")

    def join(self, channel: Channel | str) -> None:
        self._workspace.set_member(self._workspace.channel(channel), self.id, member=True)

    def leave(self, channel: Channel | str) -> None:
        self._workspace.set_member(self._workspace.channel(channel), self.id, member=False)

    @property
    def direct(self) -> Channel:
        """This person's direct messages with the bot."""
        return self._workspace.direct(self._workspace.bot, self.user)

    @property
    def home(self) -> View | None:
        return self._views.home(self.user)

    @property
    def modal(self) -> View | None:
        """The modal on top, if one is open."""
        stack = self._views.stack(self.user)
        return stack[-1] if stack else None

    def ephemerals(self, channel: Channel | str) -> list[Message]:
        """The ephemeral messages to this person there."""
        return [m for m in self._workspace.channel(channel).messages if m.ephemeral_to == self.id and not m.deleted]

    @property
    def _workspace(self) -> Workspace:
        return self._slack.workspace

    @property
    def _views(self) -> Views:
        return self._slack.payloads.context.views

    def _writable(self, ref: Channel | str) -> Channel:
        channel = self._workspace.channel(ref)
        if self.id not in channel.members:
            raise WorkspaceError(f"{self.name} is not in #{channel.name}")
        if channel.archived:
            raise WorkspaceError(f"#{channel.name} is archived: nobody can write there")
        return channel

    def _interaction(
        self, type: str, payload: Json, channel: Channel | None, source: Message | None = None
    ) -> Interaction:
        interaction = Interaction(type, payload, self.user, channel, self._slack.dispatcher, source)
        with self._workspace.changes:
            self._slack.interactions.append(interaction)
            self._workspace.add_moment(_moment(interaction, self._workspace.clock.wall()))
        return interaction

    def _find_element(
        self, where: Where, action_id: str, value: str | None, *, stale: bool = False
    ) -> tuple[Json, Json]:
        if isinstance(where, Message) and where.ephemeral_to not in (None, self.id):
            raise WorkspaceError(f"{self.name} does not see this message")
        if isinstance(where, Message) and where.deleted and not stale:
            raise WorkspaceError("the message has been deleted")
        blocks = [*where.blocks]
        if stale and isinstance(where, Message):
            blocks += [block for version in reversed(where.edits) for block in version.blocks]
        for block, element in interactive(blocks):
            if element["action_id"] == action_id and value in (None, element.get("value")):
                return block, element
        raise WorkspaceError(f"nothing to press with action_id {action_id}, only {sorted(where.elements)}")

    def _field(self, view: View, name: str) -> tuple[Json, Json]:
        for block, element in interactive(view.blocks):
            if name in (element["action_id"], block["block_id"]):
                return block, element
        raise WorkspaceError(f"no field {name}, only {sorted(view.elements)}")

    def _act(
        self, where: Where, block: Json, element: Json, facts: Json, *, wait: bool, connection: str | None
    ) -> Interaction:
        action = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            **facts,
            "action_ts": self._workspace.new_ts(),
        }
        interaction = self._on_view(where, action) if isinstance(where, View) else self._on_message(where, action)
        interaction.confirm = element.get("confirm")
        interaction.send(connection)
        return interaction.wait() if wait else interaction

    def _on_view(self, view: View, action: Json) -> Interaction:
        return self._interaction("interactive", self._slack.payloads.view_action(self.user, view, action), None)

    def _on_message(self, message: Message, action: Json) -> Interaction:
        path, url = self._slack.response_urls.new("actions", self._slack.base_url)
        payload = self._slack.payloads.message_action(self.user, message, action, url)
        channel = self._workspace.channel(message.channel)
        interaction = self._interaction("interactive", payload, channel, message)
        self._slack.response_urls.attach(path, interaction)
        return interaction

    def _submitted(self, view: View, interaction: Interaction, body: Json) -> None:
        """Apply the acknowledgement of a submission to the modal."""
        apply = _RESPONSE_ACTIONS.get(str(body.get("response_action")), _close)
        apply(self._views, view, interaction, body)


def _moment(interaction: Interaction, at: float) -> Moment:
    payload, place = interaction.payload, interaction.channel.name if interaction.channel else ""
    if "command" in payload:
        return Moment(at, "command", interaction.user.name, place, f"{payload['command']} {payload['text']}")
    words = [str(action["action_id"]) for action in payload.get("actions", [])]
    ts = interaction.source.ts if interaction.source else None
    return Moment(at, payload["type"], interaction.user.name, place, " ".join(words), ts)


def _check_filled(view: View) -> None:
    values = state_of(view.blocks, view.filled)["values"]
    for block in view.blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        value = values[block["block_id"]][element["action_id"]][STATE_KEYS[element["type"]]]
        if value in (None, "", []) and not block.get("optional"):
            raise WorkspaceError(f"{block['label']['text']} is required")
        if isinstance(value, str) and len(value) > element.get("max_length", 3000):
            raise WorkspaceError(f"{block['label']['text']} is too long")


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
