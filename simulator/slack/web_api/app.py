"""The Web API: who may call what how often, and the faults between; the methods themselves are in `methods_*.py`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from simulator.slack.network.http import Json, Request, Response, json_response
from simulator.slack.network.sockets import SocketMode
from simulator.slack.web_api.calls import ApiError, Arguments, Call, arguments_of
from simulator.slack.web_api.faults import Fault, Faults
from simulator.slack.web_api.rates import Rates
from simulator.slack.workspace.views import Triggers, Views
from simulator.slack.workspace.workspace import World

DEFAULT_SCOPES = (
    "commands",
    "chat:write",
    "chat:write.public",
    "channels:read",
    "groups:read",
    "im:read",
    "im:write",
    "users:read",
)


@dataclass(eq=False)
class Context:
    """What the methods work on."""

    world: World
    sockets: SocketMode
    views: Views
    triggers: Triggers
    scopes: list[str]
    socket_url: Callable[[], str]

    def require(self, scope: str) -> None:
        """`missing_scope` where the app was not given it."""
        if scope not in self.scopes:
            raise ApiError("missing_scope", needed=scope, provided=",".join(self.scopes))


@dataclass(frozen=True)
class Method:
    """A method: what it does, the scope that it needs, and whether it takes the app-level token."""

    run: Callable[[Context, Arguments], Json]
    scope: str | None = None
    app_level: bool = False


Process = Callable[[Call], Response]


class WebApi:
    """Answers `POST /api/<method>`."""

    def __init__(
        self,
        context: Context,
        methods: dict[str, Method],
        faults: Faults,
        rates: Rates,
        *,
        bot_token: str,
        app_token: str,
    ) -> None:
        self._context = context
        self._methods = methods
        self._faults = faults
        self._rates = rates
        self._tokens = {bot_token: "bot", app_token: "app"}
        self._stopped = threading.Event()
        self.calls: list[Call] = []

    def stop(self) -> None:
        """Let go what hangs."""
        self._stopped.set()

    def handle(self, method: str, request: Request, process: Process | None = None) -> Response | None:
        """Answer a call and write it down; `process` does what is no method of the Web API (`response_url`)."""
        started = time.monotonic()
        call = self._record(method, request)
        response = self.guard(method, call.arguments, lambda: (process or self._process)(call), call)
        with self._context.world.changed:
            call.duration = time.monotonic() - started
            call.status = response.status if response else None
            self._context.world.notify()
        return response

    def _record(self, method: str, request: Request) -> Call:
        arguments, unreadable = _read(request)
        bearer = request.header("Authorization").removeprefix("Bearer ").strip()
        call = Call(method, arguments, bearer or str(arguments.pop("token", "")), unreadable=unreadable)
        with self._context.world.changed:
            self.calls.append(call)
            self._context.world.notify()
        return call

    def guard(
        self, name: str, arguments: Json, process: Callable[[], Response | None], call: Call | None = None
    ) -> Response | None:
        """Process, unless a fault says otherwise."""
        fault = self._faults.take(name, arguments)
        if fault is None:
            return process()
        if call:
            call.fault = fault.id
        if fault.hang:
            self._pause(fault, None)
            return None
        self._pause(fault, fault.delay)
        if fault.drop == "before":
            return None
        response = fault.answer() or process()
        self._pause(fault, fault.delay_after)
        return None if fault.drop == "after" else response

    def _pause(self, fault: Fault, seconds: float | None) -> None:
        """Wait, but not longer than the fault or the server lasts."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._stopped.is_set() and not fault.over.wait(0.02):
            if deadline is not None and time.monotonic() >= deadline:
                return

    def _process(self, call: Call) -> Response:
        headers = {"x-oauth-scopes": self._scopes(call.token)}
        status = 200
        with self._context.world.changed:
            try:
                answer = {"ok": True, **self._run(call)}
            except ApiError as error:
                answer, status = error.as_json(), error.status
                headers.update(error.headers)
            call.answer, call.processed = answer, True
            self._context.world.notify()
        return json_response(answer, status, headers)

    def _scopes(self, token: str) -> str:
        return "connections:write" if self._tokens.get(token) == "app" else ",".join(self._context.scopes)

    def _run(self, call: Call) -> Json:
        method = self._methods.get(call.method)
        if method is None:
            raise ApiError("unknown_method", req_method=call.method)
        if call.unreadable:
            raise call.unreadable
        self._authenticate(method, call.token)
        if method.scope:
            self._context.require(method.scope)
        wait = self._rates.wait_needed(call.method, str(call.arguments.get("channel")))
        if wait:
            raise ApiError("ratelimited", status=429, headers={"Retry-After": str(wait)})
        return method.run(self._context, Arguments(call.arguments))

    def _authenticate(self, method: Method, token: str) -> None:
        kind = self._tokens.get(token)
        if not token:
            raise ApiError("not_authed")
        if kind is None:
            raise ApiError("invalid_auth")
        if (kind == "app") != method.app_level:
            raise ApiError("not_allowed_token_type")


def _read(request: Request) -> tuple[Json, ApiError | None]:
    try:
        return arguments_of(request), None
    except ApiError as error:
        return {}, error
