"""One call of the Web API: its arguments and its outcome."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message as Headers
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

from simulator.slack.http import Json, Request


class ApiError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, error: str, *, status: int = 200, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.headers = headers or {}
        self.extra = extra

    def as_json(self) -> Json:
        return {"ok": False, "error": self.error, **self.extra}


@dataclass(eq=False)
class Call:
    """A call and its outcome: `ok`, an error, or the effect of a fault."""

    method: str
    arguments: Json
    token: str = field(repr=False)
    at: float
    """Unix time."""
    duration: float | None = None
    status: int | None = None
    answer: Json | None = None
    fault: int | None = None
    processed: bool = False
    unreadable: ApiError | None = None

    @property
    def outcome(self) -> str:
        if self.answer is not None:
            return "ok" if self.answer.get("ok") else str(self.answer.get("error"))
        return "under way" if self.duration is None else "no answer"

    def as_json(self) -> Json:
        facts = {name: value for name, value in vars(self).items() if name != "unreadable"}
        return {**facts, "outcome": self.outcome}


def arguments_of(request: Request) -> Json:
    """The arguments of a JSON, form or multipart body; JSON in a form's values is parsed."""
    kind = request.header("Content-Type").split(";")[0].strip()
    if kind == "application/json":
        return _json_arguments(request.body)
    if kind == "multipart/form-data":
        return arguments_of_json(_multipart(request))
    form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    return arguments_of_json({**request.query, **form})


def _json_arguments(body: bytes) -> Json:
    try:
        arguments = json.loads(body) if body else {}
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(arguments, dict):
        raise ApiError("json_not_object")
    return arguments_of_json(arguments)


def arguments_of_json(arguments: Mapping[str, Any]) -> Json:
    """The arguments, with blocks, metadata and the like parsed if they are strings of JSON."""
    return {name: _read(name, value) for name, value in arguments.items()}


STRUCTURED = {"blocks", "attachments", "metadata", "view"}
WRONG = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}


def _read(name: str, value: Any) -> Any:
    if name not in STRUCTURED or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ApiError(WRONG.get(name, "invalid_arguments")) from None


def _multipart(request: Request) -> dict[str, str]:
    head = f"Content-Type: {request.header('Content-Type')}\r\n\r\n".encode()
    parts = BytesParser().parsebytes(head + request.body).get_payload()
    found: dict[str, str] = {}
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, Headers):
            content = part.get_payload(decode=True)
            found[str(part.get_param("name", header="content-disposition"))] = (
                content.decode() if isinstance(content, bytes) else ""
            )
    return found


@dataclass(frozen=True)
class Arguments:
    """Typed access to the arguments of a call, with Slack's error if one is missing."""

    given: Json

    def text(self, name: str) -> str:
        value = self.given.get(name)
        if value is None or value == "":
            raise invalid(f"missing required field: {name}", f"/{name}")
        return str(value)

    def maybe(self, name: str) -> str | None:
        value = self.given.get(name)
        return None if value is None or value == "" else str(value)

    def flag(self, name: str) -> bool:
        return self.given.get(name) in (True, "true", "True", "1", 1)

    def value(self, name: str) -> Any:
        return self.given.get(name)

    def __contains__(self, name: str) -> bool:
        return self.given.get(name) is not None


def invalid(what: str, path: str) -> ApiError:
    message = f"[ERROR] {what} [json-pointer:{path}]"
    return ApiError("invalid_arguments", response_metadata={"messages": [message]})
