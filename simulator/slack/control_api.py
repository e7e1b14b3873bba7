"""The control API over HTTP: people, messages and faults of SlackSimulator as JSON under /_sim/."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from simulator.slack.http import Json, Request, Response, json_response
from simulator.slack.interactions.interaction import Interaction
from simulator.slack.network.sockets import SocketMode
from simulator.slack.simulator import SlackSimulator
from simulator.slack.workspace.workspace import Channel, Message, User, WorkspaceError

PREFIX = "/_sim"


class ControlApi:
    """POST changes something, GET shows it; arguments are JSON keys or query parameters.

    People and channels are given by name or id, messages by channel and ts (by default: the newest that matches).
    """

    def __init__(self, slack: SlackSimulator, sockets: SocketMode, use_http: Callable[[str | None], None]) -> None:
        self._slack = slack
        self._sockets = sockets
        queries = (
            "world",
            "messages",
            "message",
            "calls",
            "deliveries",
            "connections",
            "interactions",
            "views",
            "faults",
        )
        actions = ("command", "press", "choose", "submit", "close_view", "repeat", "say", "wait", "fault", "limits")
        settings = (
            "add_person",
            "add_channel",
            "join",
            "leave",
            "invite_bot",
            "remove_bot",
            "archive",
            "delete_message",
        )
        self._routes: dict[str, dict[str, Callable[..., Any]]] = {
            "GET": {**{name: getattr(self, f"_{name}") for name in queries}, "settings": lambda: slack.settings},
            "POST": {name: getattr(self, f"_{name}") for name in (*actions, *settings)} | self._plain_routes(use_http),
        }

    def _plain_routes(self, use_http: Callable[[str | None], None]) -> dict[str, Callable[..., Any]]:
        """Routes that call one method with their arguments."""
        slack, sockets = self._slack, self._sockets
        return {
            "clear_faults": slack.faults.clear,
            "down": slack.down,
            "up": slack.up,
            "web_api_down": slack.web_api_down,
            "web_api_up": slack.web_api_up,
            "close_sockets": sockets.close,
            "reset_sockets": sockets.reset,
            "drop_sockets": sockets.drop,
            "silence_sockets": sockets.silence,
            "refresh_sockets": sockets.refresh,
            "use_http": use_http,
            "send_envelope": slack.send_envelope,
            "send_event": slack.send_event,
            "open_home": lambda person: slack.person(person).open_home(),
        }

    def handle(self, request: Request) -> Response:
        """`{"ok": true, "result": …}`, or 400/404 with `{"ok": false, "error": …}`."""
        name = request.path.removeprefix(f"{PREFIX}/")
        route = self._routes.get(request.method, {}).get(name)
        if route is None:
            known = {method: sorted(routes) for method, routes in self._routes.items()}
            return json_response({"ok": False, "error": f"no {request.method} {name}", "known": known}, 404)
        try:
            arguments = request.query if request.method == "GET" else json.loads(request.body or b"{}")
            result = _plain(route(**arguments))
        except (TypeError, ValueError, LookupError, TimeoutError) as error:
            return json_response({"ok": False, "error": f"{type(error).__name__}: {error}"}, 400)
        return json_response({"ok": True, "result": result})

    # --- queries -------------------------------------------------------------------------------------------------

    def _world(self) -> Json:
        workspace = self._slack.workspace
        people = [
            {**_user(user), "home": self._slack.views.home(user) is not None} for user in workspace.users.values()
        ]
        channels = [_channel(channel, workspace.users) for channel in workspace.channels.values()]
        return {"team_id": workspace.team_id, "app_id": workspace.app_id, "people": people, "channels": channels}

    def _messages(
        self, channel: str, thread_ts: str | None = None, person: str | None = None, deleted: str = ""
    ) -> list[Message]:
        """The messages that everybody sees, or that one person sees (with ephemeral ones)."""
        found = self._slack.messages(channel, thread_ts=thread_ts, deleted=bool(deleted))
        if person:
            own = self._slack.person(person).ephemerals(channel)
            found = sorted(found + own, key=lambda message: message.ts)
        return found

    def _message(self, channel: str, ts: str) -> Message:
        found = self._slack.workspace.find_message(self._slack.workspace.channel(channel), ts)
        if found is None:
            raise WorkspaceError(f"no message {ts}")
        return found

    def _calls(self, method: str | None = None, since: str = "0") -> list[Any]:
        return [call for call in self._slack.calls if method in (None, call.method) and call.at > float(since)]

    def _deliveries(self) -> list[Any]:
        return self._slack.deliveries

    def _connections(self) -> list[Any]:
        return list(self._sockets.connections)

    def _interactions(self, id: str | None = None) -> list[Interaction]:
        return [each for each in list(self._slack.interactions) if id in (None, each.id)]

    def _views(self, person: str) -> list[Json]:
        user = self._slack.person(person).user
        home = self._slack.views.home(user)
        shown = [*self._slack.views.stack(user), *([home] if home else [])]
        return [{**self._slack.views.as_json(view), "errors": view.errors} for view in shown]

    def _faults(self) -> list[Any]:
        return list(self._slack.faults.rules)

    # --- actions -------------------------------------------------------------------------------------------------

    def _command(self, person: str, text: str, channel: str, wait: bool = True) -> Interaction:
        command, _, rest = text.partition(" ")
        return self._slack.person(person).command(command, rest, channel=channel, wait=wait)

    def _press(
        self,
        person: str,
        action_id: str,
        channel: str = "",
        ts: str | None = None,
        view: str | None = None,
        value: str | None = None,
        stale: bool = False,
    ) -> Interaction:
        where = self._where(person, action_id, channel, ts, view)
        return self._slack.person(person).press(where, action_id, value, stale=stale)

    def _choose(
        self,
        person: str,
        action_id: str,
        value: Any,
        channel: str = "",
        ts: str | None = None,
        view: str | None = None,
        stale: bool = False,
    ) -> Interaction:
        where = self._where(person, action_id, channel, ts, view)
        return self._slack.person(person).choose(where, action_id, value, stale=stale)

    def _where(self, person: str, action_id: str, channel: str, ts: str | None, view: str | None) -> Any:
        if ts:
            return self._message(channel, ts)
        if channel:
            seen = self._messages(channel, person=person)
            return _last([message for message in seen if action_id in message.elements], action_id)
        if view:
            return self._slack.views.all[view]
        acting = self._slack.person(person)
        shown = [each for each in (acting.home, acting.modal) if each and action_id in each.elements]
        return _last(shown, action_id)

    def _submit(self, person: str, values: Json | None = None, view: str | None = None) -> Interaction:
        return self._slack.person(person).submit(self._modal(person, view), values)

    def _close_view(self, person: str, view: str | None = None) -> Interaction | None:
        return self._slack.person(person).close(self._modal(person, view))

    def _modal(self, person: str, view: str | None) -> Any:
        modal = self._slack.views.all[view] if view else self._slack.person(person).modal
        if modal is None:
            raise WorkspaceError(f"{person} has no modal open")
        return modal

    def _repeat(self, id: str) -> Any:
        return _last(self._interactions(id), id).repeat()

    def _say(self, person: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        return self._slack.person(person).say(channel, text, thread_ts=thread_ts)

    def _wait(
        self,
        channel: str,
        contains: str = "",
        event_type: str | None = None,
        timeout: float = 10.0,
        payload: Json | None = None,
    ) -> Message:
        """Wait until there is a message like that."""
        return self._slack.wait_for_message(
            channel, contains=contains, event_type=event_type, timeout=timeout, **(payload or {})
        )

    def _fault(self, method: str, **facts: Any) -> Any:
        return self._slack.faults.add(method, **facts)

    def _limits(self, enabled: bool | None = None, scopes: list[str] | None = None) -> Json:
        """Switch the rate limits, or set the scopes that the bot's token has."""
        if enabled is not None:
            self._slack.rates.enabled = enabled
        if scopes is not None:
            self._slack.scopes[:] = scopes
        return {"enabled": self._slack.rates.enabled, "scopes": self._slack.scopes}

    # --- the workspace -------------------------------------------------------------------------------------------

    def _add_person(self, name: str, **facts: Any) -> Json:
        return _user(self._slack.add_person(name, **facts).user)

    def _add_channel(self, name: str, people: tuple[str, ...] = (), **facts: Any) -> Json:
        channel = self._slack.add_channel(name, [self._slack.person(each) for each in people], **facts)
        return _channel(channel, self._slack.workspace.users)

    def _join(self, person: str, channel: str) -> None:
        self._slack.person(person).join(channel)

    def _leave(self, person: str, channel: str) -> None:
        self._slack.person(person).leave(channel)

    def _invite_bot(self, channel: str) -> None:
        self._slack.invite_bot(channel)

    def _remove_bot(self, channel: str) -> None:
        self._slack.remove_bot(channel)

    def _archive(self, channel: str, archived: bool = True) -> None:
        self._slack.archive(channel, archived=archived)

    def _delete_message(self, channel: str, ts: str) -> None:
        self._slack.delete_message(self._message(channel, ts))


def _last(found: list[Any], what: str) -> Any:
    if not found:
        raise WorkspaceError(f"nothing with {what} is visible")
    return found[-1]


def _user(user: User) -> Json:
    return dict(vars(user))


def _channel(channel: Channel, users: dict[str, User]) -> Json:
    facts = {name: value for name, value in vars(channel).items() if name != "messages"}
    return {**facts, "members": sorted(users[member].name for member in channel.members)}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.as_json() if hasattr(value, "as_json") else value
