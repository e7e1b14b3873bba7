"""The simulated Slack as one object: the app calls it, people act in it, and everything is shown."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from simulator.changes import Change, Changes
from simulator.clock import Clock, SystemClock
from simulator.slack.http import Json, Request, Response, json_response
from simulator.slack.interactions.deliveries import Ack, Delivery, Dispatcher, InProcess
from simulator.slack.interactions.interaction import Interaction, Replies, ResponseUrls
from simulator.slack.interactions.payloads import Payloads
from simulator.slack.interactions.people import Person
from simulator.slack.options import SlackOptions
from simulator.slack.web_api import methods_chat, methods_more
from simulator.slack.web_api.app import Context, WebApi
from simulator.slack.web_api.calls import ApiError, Call
from simulator.slack.web_api.faults import Faults
from simulator.slack.web_api.rates import Rates
from simulator.slack.workspace.views import Triggers, Views
from simulator.slack.workspace.workspace import Channel, Message, Moment, User, Workspace

T = TypeVar("T")


class SlackSimulator:
    """A workspace with one app in it, without sockets and threads; `SlackServer` serves it on the network.

    In one process, with a clock that a test moves:

        clock = ManualClock()
        slack = SlackSimulator(SlackOptions(), clock=clock)
        slack.seed()
        slack.connect(deliver)                 # deliver(delivery) -> Ack | None answers for the app
        slack.person("ana").command("/record", "start daily", channel="daily")      # calls deliver at once
        response = slack.call("chat.postMessage", {"channel": …, "text": …}, slack.bot_token)
        response = slack.post_response_url(delivery.payload["response_url"], {"text": …})

    `delivery.envelope` is the frame of Socket Mode, `delivery.payload` its payload. The clock decides about the 3 s
    for an acknowledgement, triggers, response_urls and rate limits; a fault's delay advances a manual clock.
    """

    def __init__(self, options: SlackOptions | None = None, *, clock: Clock | None = None) -> None:
        self.options = options = options or SlackOptions()
        mark = secrets.token_hex(4)
        self.bot_token, self.app_token = f"xoxb-sim-bot-{mark}", f"xapp-sim-app-{mark}"
        self.signing_secret = f"sim-signing-secret-{mark}"
        self.base_url = "http://slack.invalid"
        """The base of response_urls and of the Web API; a server replaces it by a real address."""
        self.open_connection: Callable[[], str] | None = None
        """Makes the URL of a Socket Mode connection; a server sets it."""
        self.should_escape = options.should_escape
        self.event_retry_seconds = options.event_retry_seconds
        self.interactions: list[Interaction] = []
        self.workspace = Workspace(clock or SystemClock())
        self.faults = Faults(self.changes)
        self.rates = Rates(
            enabled=options.rate_limits,
            posts_per_second=options.posts_per_second,
            post_burst=options.post_burst,
            monotonic=self.clock.monotonic,
        )
        self.dispatcher = Dispatcher(self.workspace, self.signing_secret, ack_seconds=options.ack_seconds)
        self.replies = Replies(self.workspace)
        self.response_urls = ResponseUrls(self.workspace, self.replies, seconds=options.response_url_seconds)
        self._people: dict[str, Person] = {}
        self._is_up = True
        triggers = Triggers(self.workspace, seconds=options.trigger_seconds)
        self._context = Context(
            self.workspace, Views(self.workspace), triggers, list(options.scopes), self._open_connection
        )
        self.payloads = Payloads(self._context)
        tokens = {self.bot_token: "bot", self.app_token: "app"}
        methods = {**methods_chat.METHODS, **methods_more.METHODS}
        self._api = WebApi(self._context, methods, self.faults, self.rates, tokens)

    @property
    def changes(self) -> Changes:
        """Announces every change; see `subscribe`."""
        return self.workspace.changes

    @property
    def clock(self) -> Clock:
        """Where the simulator reads the time."""
        return self.workspace.clock

    @property
    def url(self) -> str:
        """The base of the Web API."""
        return f"{self.base_url}/api/"

    @property
    def settings(self) -> dict[str, str]:
        """The settings with which a bot uses this Slack."""
        return {
            "SLACK_API_URL": self.url,
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
        }

    # --- the app's calls -----------------------------------------------------------------------------------------

    def call(self, method: str, params: Json, token: str) -> Response | None:
        """Call a method of the Web API; None: the connection is closed without an answer.

        ConnectionRefusedError if Slack is down. `response.json` is the answer, `response.headers` has Retry-After.
        """
        self._check_up()
        return self._api.call(method, params, token)

    def post_response_url(self, url: str, body: Json) -> Response | None:
        """Use a response_url; None: the connection is closed without an answer."""
        self._check_up()
        headers = {"content-type": "application/json"}
        return self.handle(Request("POST", urlsplit(url).path, {}, headers, json.dumps(body).encode()))

    def handle(self, request: Request) -> Response | None:
        """Answer an HTTP request to the Web API or to a response_url; None: close the connection."""
        area, _, rest = request.path.strip("/").partition("/")
        if area == "api":
            return self._api.handle(rest, request)
        if area in ("commands", "actions"):
            return self._api.handle("response_url", request, lambda call: self._respond(call, request.path))
        return json_response({"ok": False, "error": "not_found"}, 404)

    def guard(self, name: str, process: Callable[[], Response | None]) -> Response | None:
        """Process a request that is no call (`socket`: a handshake), unless there is a fault for it."""
        return self._api.guard(name, {}, process)

    def _respond(self, call: Call, path: str) -> Response:
        if isinstance(call.arguments.get("text", ""), str) and not call.unreadable:
            response = self.response_urls.handle(path, call.arguments)
        else:
            response = Response(400, b"invalid_payload", "text/plain")
        call.answer, call.processed = response.json, True
        return response

    def _open_connection(self) -> str:
        if self.open_connection is None:
            raise ApiError("internal_error")
        return self.open_connection()

    def _check_up(self) -> None:
        if not self._is_up:
            raise ConnectionRefusedError("Slack is down")

    # --- the app -------------------------------------------------------------------------------------------------

    def connect(self, deliver: Callable[[Delivery], Ack | None]) -> None:
        """Deliver to this function from now on, in the thread of the person who acts.

        It returns an Ack, or None if it does not acknowledge (`acknowledge` can do that later); a ConnectionError means
        that the app can't be reached. For an app that takes HTTP: `http_request(delivery)` and `Ack.of_http`.
        """
        self.dispatcher.transport = InProcess(self.dispatcher, deliver)

    def acknowledge(self, envelope_id: str, payload: Any = None) -> None:
        """Acknowledge a delivery afterwards; after 3 s it is too late."""
        self.dispatcher.receive({"envelope_id": envelope_id, "payload": payload})

    def http_request(self, delivery: Delivery) -> Request:
        """The delivery as a signed HTTP request."""
        headers = {name.lower(): value for name, value in self.dispatcher.http_headers(delivery).items()}
        return Request("POST", "/slack/events", {}, headers, delivery.http_body()[0])

    def retry_events(self) -> None:
        """Deliver every event again that was not acknowledged and is due; a server does it by itself."""
        self.dispatcher.retry_events()

    # --- the workspace -------------------------------------------------------------------------------------------

    @property
    def views(self) -> Views:
        """All modals and Home tabs."""
        return self._context.views

    @property
    def bot(self) -> User:
        return self.workspace.bot

    def add_channel(
        self, name: str, people: Iterable[Person] = (), *, bot: bool = True, private: bool = False, **facts: Any
    ) -> Channel:
        """A channel with these people and the bot; keywords are the fields of `Channel` (archived)."""
        members = [person.user for person in people] + ([self.bot] if bot else [])
        return self.workspace.add_channel(name, members, private=private, **facts)

    def add_person(self, name: str, *, channels: Iterable[Channel | str] = (), **facts: Any) -> Person:
        """A person in these channels; keywords are the fields of `User` (tz, guest, admin, owner, team_id, …)."""
        person = Person(self.workspace.add_user(name, **facts), self)
        self._people[person.id] = person
        for channel in channels:
            person.join(channel)
        return person

    def person(self, ref: User | str) -> Person:
        """A person by name, id or user."""
        return self._people[self.workspace.user(ref).id]

    @property
    def people(self) -> list[Person]:
        return list(self._people.values())

    @property
    def channels(self) -> list[Channel]:
        """Public and private ones, without direct messages."""
        return [channel for channel in self.workspace.channels.values() if channel.kind == "channel"]

    def seed(self) -> None:
        """A small workspace: #daily and #general, and #design (private, without the bot)."""
        ana = self.add_person("ana", tz="Europe/Madrid", tz_offset=3600, admin=True)
        ben = self.add_person("ben", tz="America/New_York", tz_offset=-18000)
        gus = self.add_person("gus", guest=True)
        self.add_channel("daily", [ana, ben])
        self.add_channel("general", [ana, ben, gus])
        self.add_channel("design", [ana, ben], private=True, bot=False)

    def invite_bot(self, channel: Channel | str) -> None:
        self.workspace.set_member(self.workspace.channel(channel), self.bot.id, member=True)

    def remove_bot(self, channel: Channel | str) -> None:
        self.workspace.set_member(self.workspace.channel(channel), self.bot.id, member=False)

    def archive(self, channel: Channel | str, *, archived: bool = True) -> None:
        self.workspace.set_archived(self.workspace.channel(channel), archived=archived)

    def delete_message(self, message: Message) -> None:
        """As an admin would."""
        self.workspace.delete(message)

    @property
    def scopes(self) -> list[str]:
        """The bot token's scopes; change the list to change them."""
        return self._context.scopes

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
        return list(self.workspace.timeline)

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything sent to the app."""
        return list(self.dispatcher.deliveries)

    def messages(self, channel: Channel | str, *, thread_ts: str | None = None, deleted: bool = False) -> list[Message]:
        """The messages that everybody in a channel sees (with its threads), or the replies of one thread."""
        found = [m for m in self.workspace.channel(channel).messages if not m.ephemeral_to]
        found = [m for m in found if deleted or not m.deleted]
        return [m for m in found if thread_ts is None or m.thread_ts == thread_ts]

    def find_messages(
        self, channel: Channel | str, *, contains: str = "", event_type: str | None = None, **payload: Any
    ) -> list[Message]:
        """Messages with these words, this `event_type` of metadata, and these values in the `event_payload`."""
        return [
            message
            for message in self.messages(channel)
            if contains in f"{message.text}\n{message.said}"
            and event_type in (None, message.event_type)
            and payload.items() <= message.event_payload.items()
        ]

    def subscribe(self, observer: Callable[[Change], None]) -> Callable[[], None]:
        """Call the observer with each change; the result ends that."""
        return self.changes.subscribe(observer)

    def wait_for(self, predicate: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:
        """Wait, in real time, until the predicate is true; return its value, or raise TimeoutError."""
        return self.changes.wait_for(predicate, timeout, what)

    def wait_for_message(
        self,
        channel: Channel | str,
        *,
        contains: str = "",
        event_type: str | None = None,
        timeout: float = 10.0,
        **payload: Any,
    ) -> Message:
        """The first message like that, as soon as there is one (an edited message counts too)."""
        what = f"a message in {channel}: {contains or ''} {event_type or ''} {payload or ''}"

        def find() -> list[Message]:
            return self.find_messages(channel, contains=contains, event_type=event_type, **payload)

        return self.wait_for(find, timeout, what)[0]

    # --- failures ------------------------------------------------------------------------------------------------

    def send_envelope(self, type: str, payload: Json, *, connection: str | None = None, wait: bool = True) -> Delivery:
        """Deliver any payload."""
        delivery = self.dispatcher.send(type, payload, connection=connection)
        if wait:
            self.dispatcher.wait(delivery)
        return delivery

    def send_event(self, event: Json, *, connection: str | None = None) -> list[Delivery]:
        """Deliver an event, and again until it is acknowledged; the list holds every delivery."""
        payload = self.payloads.event(event)
        return self.dispatcher.send_event(payload, self.event_retry_seconds, connection=connection)

    @property
    def is_up(self) -> bool:
        """Whether it accepts connections."""
        return self._is_up

    def web_api_down(self) -> None:
        """Refuse every new connection: Web API, `response_url`s and new sockets; open sockets stay."""
        self._set_up("web_api", is_up=False)

    def web_api_up(self) -> None:
        self._set_up("web_api", is_up=True)

    def down(self) -> None:
        """All of Slack is away: it can't be reached, and open sockets are reset."""
        self._set_up("all", is_up=False)

    def up(self) -> None:
        self._set_up("all", is_up=True)

    def _set_up(self, subject: str, *, is_up: bool) -> None:
        with self.changes:
            self._is_up = is_up
            self.changes.announce("reachability", subject)

    def release(self) -> None:
        """End every call that hangs or is delayed, also later ones."""
        with self.changes:
            self._api.closing = True
            self.changes.announce("closing")
