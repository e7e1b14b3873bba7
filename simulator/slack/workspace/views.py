"""Modals and Home tabs, the values that people filled in, and single-use triggers."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simulator.slack.blocks.checks import with_ids
from simulator.slack.http import Json
from simulator.slack.workspace.workspace import User, Workspace, WorkspaceError, interactive

# The key of a person's choice in payloads, by the type of the element.
STATE_KEYS = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
}


def selection(element: Json, value: Any) -> Any:
    """A choice as payloads have it: options are found by their value or their text."""
    key = STATE_KEYS.get(element["type"])
    if key == "selected_option":
        return None if value is None else _option(element, value)
    if key == "selected_options":
        return [_option(element, one) for one in value or []]
    return value


def _option(element: Json, value: Any) -> Json:
    options = [*element.get("options", [])]
    for group in element.get("option_groups", []):
        options += group["options"]
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": str(value), "emoji": True}, "value": str(value)}
    for option in options:
        if value in (option, option["value"], option["text"]["text"]):
            return dict(option)
    raise WorkspaceError(f"{element['action_id']} offers no {value!r}, only {[o['value'] for o in options]}")


def initial(element: Json) -> Any:
    """The initial value of an element."""
    key = STATE_KEYS.get(element["type"], "")
    if key == "value":
        return element.get("initial_value")
    empty: list[Any] | None = [] if key.endswith("s") else None
    return element.get(key.replace("selected", "initial"), empty)


def state_of(blocks: Iterable[Json], filled: dict[tuple[str, str], Any]) -> Json:
    """The `state.values` of these blocks: the values that were filled in, or else the initial ones."""
    values: Json = {}
    for block, element in interactive(blocks):
        key = STATE_KEYS.get(element["type"])
        if key and element["type"] != "overflow":
            place = (block["block_id"], element["action_id"])
            held = filled.get(place, initial(element))
            values.setdefault(place[0], {})[place[1]] = {"type": element["type"], key: held}
    return {"values": values}


@dataclass(eq=False)
class View:
    """One modal or Home tab of one person."""

    id: str
    user: User
    body: Json
    hash: str
    root: str
    previous: str | None = None
    open: bool = True
    filled: dict[tuple[str, str], Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    updates: int = 0

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.body["blocks"]
        return blocks

    @property
    def title(self) -> str:
        return str(self.body.get("title", {}).get("text", ""))

    @property
    def private_metadata(self) -> str:
        return str(self.body.get("private_metadata", ""))

    @property
    def callback_id(self) -> str:
        return str(self.body.get("callback_id", ""))

    @property
    def elements(self) -> dict[str, Json]:
        return {element["action_id"]: element for _, element in interactive(self.blocks)}


class Views:
    """All views, open or closed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.all: dict[str, View] = {}

    def open(self, user: User, body: Json, previous: View | None = None) -> View:
        with self._workspace.changes:
            new_id = self._workspace.new_id("V")
            root = previous.root if previous else new_id
            view = View(new_id, user, _stored(body), self._new_hash(), root, previous.id if previous else None)
            self.all[view.id] = view
            self._workspace.changes.announce("view", view.id)
            return view

    def replace(self, view: View, body: Json) -> None:
        with self._workspace.changes:
            view.body, view.hash = _stored(body), self._new_hash()
            view.errors = {}
            view.updates += 1
            places = {(block["block_id"], element["action_id"]) for block, element in interactive(view.blocks)}
            view.filled = {place: value for place, value in view.filled.items() if place in places}
            self._workspace.changes.announce("view", view.id)

    def _new_hash(self) -> str:
        return f"{self._workspace.clock.wall():.0f}.{secrets.token_hex(4)}"

    def publish(self, user: User, body: Json) -> View:
        home = self.home(user)
        if home is None:
            return self.open(user, body)
        self.replace(home, body)
        return home

    def home(self, user: User) -> View | None:
        return next((v for v in list(self.all.values()) if v.user is user and v.body["type"] == "home"), None)

    def stack(self, user: User) -> list[View]:
        """The person's open modals, the visible one last."""
        return [v for v in list(self.all.values()) if v.user is user and v.open and v.body["type"] == "modal"]

    def close(self, view: View, *, whole_stack: bool = False) -> None:
        with self._workspace.changes:
            for each in self.stack(view.user):
                if each is view or (whole_stack and each.root == view.root):
                    each.open = False
            self._workspace.changes.announce("view", view.id)

    def find(self, view_id: str | None, external_id: str | None) -> View | None:
        for view in list(self.all.values()):
            if view.open and (view.id == view_id or (external_id and view.body.get("external_id") == external_id)):
                return view
        return None

    def as_json(self, view: View) -> Json:
        """The view object of payloads and answers."""
        defaults: Json = {"private_metadata": "", "callback_id": "", "external_id": "", "close": None, "submit": None}
        flags = {"clear_on_close": False, "notify_on_close": False}
        return {
            **defaults,
            **flags,
            **view.body,
            "id": view.id,
            "team_id": self._workspace.team_id,
            "app_installed_team_id": self._workspace.team_id,
            "state": state_of(view.blocks, view.filled),
            "hash": view.hash,
            "previous_view_id": view.previous,
            "root_view_id": view.root,
            "app_id": self._workspace.app_id,
            "bot_id": self._workspace.bot_id,
        }


def _stored(body: Json) -> Json:
    return {**body, "blocks": with_ids(body.get("blocks", []))}


class Triggers:
    """`trigger_id`s: each opens one view, within three seconds."""

    def __init__(self, workspace: Workspace, *, seconds: float = 3.0) -> None:
        self._workspace = workspace
        self.seconds = seconds
        self._issued: dict[str, tuple[User, float]] = {}
        self._used: set[str] = set()

    def new(self, user: User) -> str:
        with self._workspace.changes:
            trigger = f"{len(self._issued) + 1}.{self._workspace.team_id}.{secrets.token_hex(8)}"
            self._issued[trigger] = (user, self._workspace.clock.monotonic())
            return trigger

    def redeem(self, trigger: str) -> User | str:
        """The person who caused it, or Slack's error."""
        with self._workspace.changes:
            if trigger not in self._issued:
                return "invalid_trigger_id"
            if trigger in self._used:
                return "exchanged_trigger_id"
            user, issued = self._issued[trigger]
            if self._workspace.clock.monotonic() - issued > self.seconds:
                return "expired_trigger_id"
            self._used.add(trigger)
            return user
