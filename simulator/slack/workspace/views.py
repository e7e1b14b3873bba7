"""Modals and Home tabs, the state of what people filled in, and single-use triggers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simulator.slack.blocks.checks import with_ids
from simulator.slack.network.http import Json
from simulator.slack.workspace.workspace import User, World, WorldError, interactive

# What a person's choice in an element is called in payloads.
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


def chosen(element: Json, value: Any) -> Any:
    """What a payload says for this choice: options are found by their value or their words."""
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
    raise WorldError(f"{element['action_id']} offers no {value!r}, only {[o['value'] for o in options]}")


def initial(element: Json) -> Any:
    """What an element holds before anybody touches it."""
    key = STATE_KEYS.get(element["type"], "")
    if key == "value":
        return element.get("initial_value")
    empty: list[Any] | None = [] if key.endswith("s") else None
    return element.get(key.replace("selected", "initial"), empty)


def state_of(blocks: Iterable[Json], filled: dict[tuple[str, str], Any]) -> Json:
    """The `state.values` of these blocks: what was filled in over what was there."""
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
    """All views that are or were open."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.all: dict[str, View] = {}

    def open(self, user: User, body: Json, previous: View | None = None) -> View:
        with self._world.changed:
            new_id = self._world.new_id("V")
            root = previous.root if previous else new_id
            view = View(new_id, user, _stored(body), _hash(), root, previous.id if previous else None)
            self.all[view.id] = view
            self._world.notify()
            return view

    def replace(self, view: View, body: Json) -> None:
        with self._world.changed:
            view.body, view.hash = _stored(body), _hash()
            view.errors = {}
            view.updates += 1
            places = {(block["block_id"], element["action_id"]) for block, element in interactive(view.blocks)}
            view.filled = {place: value for place, value in view.filled.items() if place in places}
            self._world.notify()

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
        with self._world.changed:
            for each in self.stack(view.user):
                if each is view or (whole_stack and each.root == view.root):
                    each.open = False
            self._world.notify()

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
            "team_id": self._world.team_id,
            "app_installed_team_id": self._world.team_id,
            "state": state_of(view.blocks, view.filled),
            "hash": view.hash,
            "previous_view_id": view.previous,
            "root_view_id": view.root,
            "app_id": self._world.app_id,
            "bot_id": self._world.bot_id,
        }


def _stored(body: Json) -> Json:
    return {**body, "blocks": with_ids(body.get("blocks", []))}


def _hash() -> str:
    return f"{time.time():.0f}.{secrets.token_hex(4)}"


class Triggers:
    """`trigger_id`s: good for one view, for three seconds."""

    def __init__(self, world: World, *, seconds: float = 3.0) -> None:
        self._world = world
        self.seconds = seconds
        self._issued: dict[str, tuple[User, float]] = {}
        self._used: set[str] = set()

    def new(self, user: User) -> str:
        with self._world.changed:
            trigger = f"{len(self._issued) + 1}.{self._world.team_id}.{secrets.token_hex(8)}"
            self._issued[trigger] = (user, time.monotonic())
            return trigger

    def redeem(self, trigger: str) -> User | str:
        """Whom it belongs to, or Slack's word for what is wrong with it."""
        with self._world.changed:
            if trigger not in self._issued:
                return "invalid_trigger_id"
            if trigger in self._used:
                return "exchanged_trigger_id"
            user, issued = self._issued[trigger]
            if time.monotonic() - issued > self.seconds:
                return "expired_trigger_id"
            self._used.add(trigger)
            return user
