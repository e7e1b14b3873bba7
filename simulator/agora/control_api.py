"""The control API over HTTP: the methods of Stage as JSON under /_sim/."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from simulator.agora.http.answers import Answer
from simulator.agora.http.faults import Fault

if TYPE_CHECKING:
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
_LOOKS = (
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


class Control:
    """POST does something, GET looks; arguments are JSON keys or query parameters, named as in Python."""

    def __init__(self, simulator: AgoraSimulator) -> None:
        self._simulator = simulator

    def handle(self, method: str, target: str, content: bytes) -> Answer:
        """`{"ok": true, "result": …}`, or 400/404 with `{"ok": false, "error": …}`."""
        parts = urlsplit(target)
        name = parts.path.removeprefix(f"{PREFIX}/")
        if name not in {"POST": _COMMANDS, "GET": _LOOKS}.get(method, ()):
            return _failed(404, f"POST one of {', '.join(_COMMANDS)}; GET one of {', '.join(_LOOKS)}")
        try:
            arguments = dict(parse_qsl(parts.query)) if method == "GET" else json.loads(content or b"{}")
            result = self._method(name)(**arguments)
        except (TypeError, ValueError, LookupError, TimeoutError) as error:
            return _failed(400, f"{type(error).__name__}: {error}")
        return Answer(200, {"ok": True, "result": plain(result)})

    def _method(self, name: str) -> Callable[..., object]:
        if name == "wait":
            return self._wait
        found = getattr(self._simulator, name)
        return found if callable(found) else lambda: found

    def _wait(self, operation: str, count: int = 1, channel: str | None = None, timeout: float = 5.0) -> object:
        """Until that many requests of that operation have ended."""

        def enough(simulator: AgoraSimulator) -> list[object]:
            ended = [seen for seen in simulator.requests(operation, channel=channel) if seen.ended_at is not None]
            return list(ended) if len(ended) >= count else []

        return self._simulator.wait_for(enough, timeout)


def plain(value: object) -> object:
    """Anything the simulator shows, as JSON takes it."""
    if isinstance(value, Fault):
        value = {name: each for name, each in vars(value).items() if name != "cleared"}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(each) for each in value]
    return value.value if isinstance(value, enum.Enum) else value


def _failed(status: int, error: str) -> Answer:
    return Answer(status, {"ok": False, "error": error})
