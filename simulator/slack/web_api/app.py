"""The Web API: tokens, scopes, rate limits and faults; the methods themselves are in `methods_*.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.slack.http import Json, Request, Response, json_response
from simulator.slack.web_api.calls import ApiError, Arguments, Call, arguments_of, arguments_of_json
from simulator.slack.web_api.faults import Fault, Faults
from simulator.slack.web_api.rates import Rates
from simulator.slack.workspace.views import Triggers, Views
from simulator.slack.workspace.workspace import Workspace


@dataclass(eq=False)
class Context:
    """What the methods work on."""

    workspace: Workspace
    views: Views
    triggers: Triggers
    scopes: list[str]
    open_connection: Callable[[], str]
    """Makes the URL of a Socket Mode connection."""

    def require(self, scope: str) -> None:
        """`missing_scope` if the app does not have it."""
        if scope not in self.scopes:
            raise ApiError("missing_scope", needed=scope, provided=",".join(self.scopes))


@dataclass(frozen=True)
class Method:
    """A method: its function, the scope that it needs, and whether it takes the app-level token."""

    run: Callable[[Context, Arguments], Json]
    scope: str | None = None
    app_level: bool = False


Process = Callable[[Call], Response]


class WebApi:
    """Answers calls, and keeps them."""

    def __init__(
        self, context: Context, methods: dict[str, Method], faults: Faults, rates: Rates, tokens: dict[str, str]
    ) -> None:
        """tokens: `bot` or `app` by token."""
        self._context = context
        self._methods = methods
        self._faults = faults
        self._rates = rates
        self._tokens = tokens
        self.closing = False
        """Ends every wait."""
        self.calls: list[Call] = []

    def handle(self, method: str, request: Request, process: Process | None = None) -> Response | None:
        """Answer a request; `process` handles requests that call no method of the Web API (`response_url`)."""
        try:
            arguments, unreadable = arguments_of(request), None
        except ApiError as error:
            arguments, unreadable = {}, error
        token = request.header("Authorization").removeprefix("Bearer ").strip()
        return self._answer(self._new_call(method, arguments, token, unreadable), process or self._process)

    def call(self, method: str, arguments: Json, token: str) -> Response | None:
        """Answer a call without HTTP; arguments as in a JSON body."""
        try:
            read, unreadable = arguments_of_json(arguments), None
        except ApiError as error:
            read, unreadable = {}, error
        return self._answer(self._new_call(method, read, token, unreadable), self._process)

    def _new_call(self, method: str, arguments: Json, token: str, unreadable: ApiError | None) -> Call:
        changes, clock = self._context.workspace.changes, self._context.workspace.clock
        call = Call(method, arguments, token or str(arguments.pop("token", "")), clock.wall(), unreadable=unreadable)
        with changes:
            self.calls.append(call)
            changes.announce("call", method)
        return call

    def _answer(self, call: Call, process: Process) -> Response | None:
        changes, clock = self._context.workspace.changes, self._context.workspace.clock
        started = clock.monotonic()
        response = self.guard(call.method, call.arguments, lambda: process(call), call)
        with changes:
            call.duration = clock.monotonic() - started
            call.status = response.status if response else None
            changes.announce("call", call.method)
        return response

    def guard(
        self, name: str, arguments: Json, process: Callable[[], Response | None], call: Call | None = None
    ) -> Response | None:
        """Process, unless there is a fault."""
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
        workspace = self._context.workspace
        if seconds != 0:
            workspace.clock.sleep(seconds, lambda: self.closing or fault.cleared, workspace.changes.condition)

    def _process(self, call: Call) -> Response:
        headers = {"x-oauth-scopes": self._scopes(call.token)}
        status = 200
        with self._context.workspace.changes:
            try:
                answer = {"ok": True, **self._run(call)}
            except ApiError as error:
                answer, status = error.as_json(), error.status
                headers.update(error.headers)
            call.answer, call.processed = answer, True
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
