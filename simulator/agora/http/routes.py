"""Parsed requests and their operations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

UNKNOWN = "unknown"
_RECORDING = ("v1", "apps", "{appid}", "cloud_recording")
_RESOURCE = (*_RECORDING, "resourceid", "{rid}")
_TASK = (*_RESOURCE, "sid", "{sid}", "mode", "{mode}")
_ROUTES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("POST", (*_RECORDING, "acquire"), "acquire"),
    ("POST", (*_RESOURCE, "mode", "{mode}", "start"), "start"),
    ("GET", (*_TASK, "query"), "query"),
    ("POST", (*_TASK, "update"), "update"),
    ("POST", (*_TASK, "updateLayout"), "updateLayout"),
    ("POST", (*_TASK, "stop"), "stop"),
    ("GET", ("dev", "v1", "channel", "user", "{appid}", "{channel}"), "users"),
    ("POST", ("dev", "v1", "kicking-rule"), "kick"),
    ("GET", ("dev", "v1", "kicking-rule"), "rules"),
    ("DELETE", ("dev", "v1", "kicking-rule"), "unkick"),
)
OPERATIONS = tuple(operation for _, _, operation in _ROUTES)


@dataclass(frozen=True)
class Call:
    """A parsed HTTP request."""

    method: str
    path: str
    operation: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: object
    """The JSON of its body; None if it has none or can't be read."""
    base: int
    authorization: str | None = None
    content_type: str = ""
    within_rate: bool = field(default=True, compare=False)

    @property
    def channel(self) -> str | None:
        """The channel that it names."""
        return self.params.get("channel") or self._named("cname")

    @property
    def uid(self) -> str | None:
        """The uid that its body names."""
        return self._named("uid")

    def _named(self, name: str) -> str | None:
        value = self.body.get(name) if isinstance(self.body, dict) else None
        return str(value) if isinstance(value, str | int) else None


def read_call(method: str, target: str, headers: Mapping[str, str], content: bytes, base: int = 0) -> Call:
    """The request as a Call; `headers` has lower-case names."""
    parts = urlsplit(target)
    operation, params = _route(method, parts.path)
    return Call(
        method,
        target,
        operation,
        params,
        dict(parse_qsl(parts.query, keep_blank_values=True)),
        _json(content),
        base,
        headers.get("authorization"),
        headers.get("content-type", "").partition(";")[0].strip(),
    )


def _route(method: str, path: str) -> tuple[str, dict[str, str]]:
    segments = [unquote(segment) for segment in path.removeprefix("/").split("/")]
    for wanted, pattern, operation in _ROUTES:
        params = _matched(pattern, segments) if method == wanted else None
        if params is not None:
            return operation, params
    return UNKNOWN, {}


def _matched(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    params = {}
    for expected, given in zip(pattern, segments, strict=True):
        if expected.startswith("{") and given:
            params[expected.strip("{}")] = given
        elif expected != given:
            return None
    return params


def _json(content: bytes) -> object:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
