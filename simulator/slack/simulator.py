"""The simulated Slack as one object: start it, act as people, look at what happened, break it."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from simulator.slack.control_api import PREFIX, Control
from simulator.slack.interactions.deliveries import Delivery, Dispatcher
from simulator.slack.interactions.interaction import Interaction, Replies, ResponseUrls
from simulator.slack.interactions.payloads import Payloads
from simulator.slack.interactions.people import Person
from simulator.slack.network.http import HOST, HttpServer, Json, Request, Response, json_response
from simulator.slack.network.sockets import Connection, SocketMode
from simulator.slack.web_api import methods_chat, methods_more
from simulator.slack.web_api.app import DEFAULT_SCOPES, Context, WebApi
from simulator.slack.web_api.calls import Call
from simulator.slack.web_api.faults import Faults
from simulator.slack.web_api.rates import Rates
from simulator.slack.workspace.views import Triggers, Views
from simulator.slack.workspace.workspace import Channel, Message, Moment, User, World

T = TypeVar("T")


class SlackSimulator:
    """A workspace with one app in it, served on 127.0.0.1: Web API, Socket Mode, `response_url`s."""

    def __init__(
        self,
        port: int = 0,
        *,
        control_port: int = 0,
        scopes: Sequence[str] = DEFAULT_SCOPES,
        rate_limits: bool = True,
        posts_per_second: float = 1.0,
        post_burst: int = 3,
        ack_seconds: float = 3.0,
        trigger_seconds: float = 3.0,
        response_url_seconds: float = 1800.0,
        event_retry_seconds: Sequence[float] = (0.0, 60.0, 300.0),
        max_connections: int = 10,
        should_escape: bool = True,
    ) -> None:
        mark = secrets.token_hex(4)
        self.bot_token, self.app_token = f"xoxb-sim-bot-{mark}", f"xapp-sim-app-{mark}"
        self.signing_secret = f"sim-signing-secret-{mark}"
        self.should_escape = should_escape
        self.event_retry_seconds = event_retry_seconds
        self.interactions: list[Interaction] = []
        self.world = World()
        self.faults = Faults()
        self.rates = Rates(enabled=rate_limits, posts_per_second=posts_per_second, post_burst=post_burst)
        self.sockets = SocketMode(self.world, max_connections=max_connections)
        self.dispatcher = Dispatcher(self.world, self.sockets, self.signing_secret, ack_seconds=ack_seconds)
        self.replies = Replies(self.world)
        self.hooks = ResponseUrls(self.world, self.replies, seconds=response_url_seconds)
        self._people: dict[str, Person] = {}
        self._stopped = threading.Event()
        self._server = HttpServer(self._route, port)
        self._control_server = HttpServer(self._route_control, control_port)
        self._context = self._make_context(scopes, trigger_seconds)
        self.payloads = Payloads(self._context)
        self._api = self._make_api()
        self._control = Control(self)

    def _make_context(self, scopes: Sequence[str], trigger_seconds: float) -> Context:
        triggers = Triggers(self.world, seconds=trigger_seconds)
        return Context(self.world, self.sockets, Views(self.world), triggers, list(scopes), lambda: self._socket_url)

    def _make_api(self) -> WebApi:
        methods = {**methods_chat.METHODS, **methods_more.METHODS}
        tokens = {"bot_token": self.bot_token, "app_token": self.app_token}
        return WebApi(self._context, methods, self.faults, self.rates, **tokens)

    # --- running -------------------------------------------------------------------------------------------------

    def start(self) -> SlackSimulator:
        self._server.start()
        self._control_server.start()
        return self

    def stop(self) -> None:
        """End everything; can't be started again."""
        self._stopped.set()
        self._api.stop()
        self.sockets.drop()
        self._server.close()
        self._control_server.close()

    def __enter__(self) -> SlackSimulator:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The base of the Web API."""
        return f"{self.base_url}/api/"

    @property
    def control_url(self) -> str:
        """The base of the control API; it answers also while Slack is down (and on Slack's own port, while up)."""
        return f"http://{HOST}:{self._control_server.port}{PREFIX}"

    @property
    def _socket_url(self) -> str:
        return f"ws://{HOST}:{self.port}/link/"

    @property
    def settings(self) -> dict[str, str]:
        """What the bot has to be told, in the names of its settings."""
        return {
            "SLACK_API_URL": self.url,
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
        }

    def _route(self, request: Request) -> Response | None:
        area, _, rest = request.path.strip("/").partition("/")
        if area == "api":
            return self._api.handle(rest, request)
        if area == "link":
            return self._api.guard("socket", {}, lambda: self.sockets.handle(request))
        if request.path.startswith(f"{PREFIX}/"):
            return self._control.handle(request)
        if area in ("commands", "actions"):
            return self._api.handle("response_url", request, lambda call: self._hook(call, request))
        return json_response({"ok": False, "error": "not_found"}, 404)

    def _route_control(self, request: Request) -> Response:
        return self._control.handle(request)

    def _hook(self, call: Call, request: Request) -> Response:
        if isinstance(call.arguments.get("text", ""), str) and not call.unreadable:
            response = self.hooks.handle(request, call.arguments)
        else:
            response = Response(400, b"invalid_payload", "text/plain")
        said = json.loads(response.body) if response.body.startswith(b"{") else {"ok": response.status == 200}
        call.answer, call.processed = said, True
        return response

    # --- the world -----------------------------------------------------------------------------------------------

    @property
    def views(self) -> Views:
        """All modals and Home tabs."""
        return self._context.views

    @property
    def bot(self) -> User:
        return self.world.bot

    def add_channel(
        self,
        name: str,
        people: Iterable[Person] = (),
        *,
        bot: bool = True,
        private: bool = False,
        archived: bool = False,
    ) -> Channel:
        """A channel with these people in it, and the bot unless told otherwise."""
        members = [person.user for person in people] + ([self.bot] if bot else [])
        return self.world.add_channel(name, members, private=private, archived=archived)

    def add_person(self, name: str, *, channels: Iterable[Channel | str] = (), **facts: Any) -> Person:
        """A person in these channels; keywords are the fields of `User` (tz, guest, admin, owner, team_id, …)."""
        person = Person(self.world.add_user(name, **facts), self)
        self._people[person.id] = person
        for channel in channels:
            person.join(channel)
        return person

    def person(self, ref: User | str) -> Person:
        """A person by name, id or user."""
        return self._people[self.world.user(ref).id]

    @property
    def people(self) -> list[Person]:
        return list(self._people.values())

    @property
    def channels(self) -> list[Channel]:
        """Public and private ones, without direct messages."""
        return [channel for channel in self.world.channels.values() if channel.kind == "channel"]

    def seed(self) -> None:
        """A small world to play in: #daily and #general, and #design (private, without the bot)."""
        ana = self.add_person("ana", tz="Europe/Madrid", tz_offset=3600, admin=True)
        ben = self.add_person("ben", tz="America/New_York", tz_offset=-18000)
        gus = self.add_person("gus", guest=True)
        self.add_channel("daily", [ana, ben])
        self.add_channel("general", [ana, ben, gus])
        self.add_channel("design", [ana, ben], private=True, bot=False)

    def invite_bot(self, channel: Channel | str) -> None:
        with self.world.changed:
            self.world.channel(channel).members.add(self.bot.id)

    def remove_bot(self, channel: Channel | str) -> None:
        with self.world.changed:
            self.world.channel(channel).members.discard(self.bot.id)

    def archive(self, channel: Channel | str, *, archived: bool = True) -> None:
        with self.world.changed:
            self.world.channel(channel).archived = archived

    def delete_message(self, message: Message) -> None:
        """As an admin would."""
        self.world.delete(message)

    @property
    def scopes(self) -> list[str]:
        """The bot token's scopes; change the list to change them."""
        return self._context.scopes

    def use_http(self, request_url: str | None) -> None:
        """Deliver to this URL as signed requests from now on; None: over Socket Mode again."""
        self.dispatcher.request_url = request_url

    # --- what happened -------------------------------------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API and every use of a `response_url`, in order of arrival."""
        return list(self._api.calls)

    def calls_of(self, method: str, **arguments: Any) -> list[Call]:
        """The calls of one method, with these arguments."""
        return [c for c in self.calls if c.method == method and arguments.items() <= c.arguments.items()]

    @property
    def timeline(self) -> list[Moment]:
        """Everything that people saw and did, in order: for transcripts."""
        return list(self.world.timeline)

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything sent to the app."""
        return list(self.dispatcher.deliveries)

    @property
    def connections(self) -> list[Connection]:
        """The open Socket Mode connections."""
        return self.sockets.live

    def messages(self, channel: Channel | str, *, thread_ts: str | None = None, deleted: bool = False) -> list[Message]:
        """What everybody in a channel sees, in order (with its threads), or one thread's replies."""
        found = [m for m in self.world.channel(channel).messages if not m.ephemeral_to]
        found = [m for m in found if deleted or not m.deleted]
        return [m for m in found if thread_ts is None or m.thread_ts == thread_ts]

    def find_messages(
        self, channel: Channel | str, *, contains: str = "", event_type: str | None = None, **payload: Any
    ) -> list[Message]:
        """Those with these words, of this metadata `event_type`, with these values in the `event_payload`."""
        return [
            message
            for message in self.messages(channel)
            if contains in f"{message.text}\n{message.said}"
            and event_type in (None, message.event_type)
            and payload.items() <= message.event_payload.items()
        ]

    def wait_for(self, predicate: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:
        """Wait until the predicate holds, and return what it gave; TimeoutError otherwise."""
        return self.world.wait_for(predicate, timeout, what)

    def wait_for_message(
        self,
        channel: Channel | str,
        *,
        contains: str = "",
        event_type: str | None = None,
        timeout: float = 10.0,
        **payload: Any,
    ) -> Message:
        """The first message like that, as soon as it is there (an edited one counts too)."""
        what = f"a message in {channel}: {contains or ''} {event_type or ''} {payload or ''}"

        def look() -> list[Message]:
            return self.find_messages(channel, contains=contains, event_type=event_type, **payload)

        return self.wait_for(look, timeout, what)[0]

    def wait_connected(self, count: int = 1, timeout: float = 10.0) -> list[Connection]:
        """Until the app has so many connections open."""
        return self.wait_for(lambda: len(self.connections) >= count and self.connections, timeout, "a connection") or []

    # --- what goes wrong -----------------------------------------------------------------------------------------

    def send_envelope(self, type: str, payload: Json, *, connection: str | None = None, wait: bool = True) -> Delivery:
        """Send any payload as it is."""
        delivery = self.dispatcher.send(type, payload, connection=connection)
        if wait:
            self.dispatcher.wait(delivery)
        return delivery

    def send_event(self, event: Json, *, connection: str | None = None) -> list[Delivery]:
        """Send an event, and again (in the background) until it is acknowledged; the list holds every delivery."""
        payload, waits = self.payloads.event(event), self.event_retry_seconds
        return self.dispatcher.send_event(payload, waits, stopped=self._stopped, connection=connection)

    def web_api_down(self) -> None:
        """Refuse every new connection: Web API, `response_url`s and new sockets; open sockets stay."""
        self._server.stop()

    def web_api_up(self) -> None:
        self._server.start()

    def down(self) -> None:
        """All of Slack is away: nothing can be reached, and open sockets are reset."""
        self.web_api_down()
        self.sockets.reset()

    def up(self) -> None:
        self.web_api_up()
