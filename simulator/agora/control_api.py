"""The control API over HTTP: the controls of AgoraSimulator as JSON under /_sim/."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from simulator.agora.http.answers import Answer
from simulator.agora.http.request_log import LoggedRequest
from simulator.agora.notifications.delivery_queue import Delivery
from simulator.agora.simulator import AgoraSimulator

PREFIX = "/_sim"
_COMMANDS = (
    "join",
    "leave",
    "publish",
    "set_profile",
    "encrypt",
    "kill",
    "crash",
    "console_stop",
    "throw_out",
    "move",
    "expire",
    "expire_token",
    "force_status",
    "force_new",
    "uploads",
    "restore",
    "carried",
    "notify",
    "notices",
    "send",
    "delivered",
    "fault",
    "clear_faults",
    "allow",
    "down",
    "up",
    "wait",
    "reset",
)
_QUERIES = (
    "people",
    "recorders",
    "running",
    "recorder",
    "requests",
    "in_flight",
    "busiest_second",
    "faults",
    "sent",
    "settings",
)


class ControlApi:
    """POST changes something, GET shows it; arguments are JSON keys or query parameters, named as in Python."""

    def __init__(self, simulator: AgoraSimulator) -> None:
        self._simulator = simulator
        self._special: dict[str, Callable[..., object]] = {
            "wait": self._wait,
            "carried": self._carried,
            "settings": lambda: simulator.settings,
        }

    def handle(self, method: str, target: str, content: bytes) -> Answer:
        """`{"ok": true, "result": …}`, or 400/404 with `{"ok": false, "error": …}`."""
        parts = urlsplit(target)
        name = parts.path.removeprefix(f"{PREFIX}/")
        if name not in {"POST": _COMMANDS, "GET": _QUERIES}.get(method, ()):
            return _failed(404, f"POST one of {', '.join(_COMMANDS)}; GET one of {', '.join(_QUERIES)}")
        try:
            arguments = dict(parse_qsl(parts.query)) if method == "GET" else json.loads(content or b"{}")
            result = self._method(name)(**arguments)
        except (TypeError, ValueError, LookupError, RuntimeError, TimeoutError) as error:
            return _failed(400, f"{type(error).__name__}: {error}")
        return Answer(200, {"ok": True, "result": _plain(result)})

    def _method(self, name: str) -> Callable[..., object]:
        method: Callable[..., object] = self._special.get(name) or getattr(self._simulator, name)
        return method

    def _carried(self) -> None:
        """Upload everything that is due now."""
        self._simulator.upload_due()

    def _wait(self, operation: str, count: int = 1, channel: str | None = None, timeout: float = 5.0) -> object:
        """Wait until that many requests of that operation have ended."""

        def ended(simulator: AgoraSimulator) -> list[LoggedRequest]:
            requests = [each for each in simulator.requests(operation, channel=channel) if each.ended_at is not None]
            return requests if len(requests) >= count else []

        return self._simulator.wait_for(ended, timeout)


def _plain(value: object) -> object:
    """The simulator's values as JSON."""
    if isinstance(value, Delivery):
        value = {("notice" if name == "message" else name): each for name, each in vars(value).items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, enum.Enum) else value


def _failed(status: int, error: str) -> Answer:
    return Answer(status, {"ok": False, "error": error})
