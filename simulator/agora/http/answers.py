"""HTTP answers of the simulated Agora, and the documented errors by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; a body that is a string is sent as a page, anything else as JSON."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    """Seconds until Agora answers (a synchronous stop)."""

    def content(self) -> tuple[bytes, str]:
        """The bytes to send and their content type."""
        if isinstance(self.body, str):
            return self.body.encode(), "text/html; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json; charset=utf-8"


class Refused(Exception):
    """Agora refuses a request, with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.body}")
        self.answer = answer


def _coded(status: int, code: int, reason: str) -> Answer:
    return Answer(status, {"code": code, "reason": reason})


def _message(status: int, message: str) -> Answer:
    return Answer(status, {"message": message})


ANSWERS: Mapping[str, Answer] = {
    "appid_is_invalid": _message(400, "appid is invalid"),
    "unauthorized": _message(401, "Unauthorized"),
    "invalid_credentials": _message(401, "Invalid authentication credentials"),
    "no_route": _message(404, "no Route matched with those values"),
    "rate_limited": _message(429, "API rate limit exceeded"),
    "invalid_parameter": _coded(400, 2, "invalid parameter"),
    "invalid_appid": _coded(400, 400, "invalid_appid"),
    "invalid_channel_name": _coded(400, 401, "invalid_channel_name"),
    "no_active_status": _coded(400, 405, "no_active_status"),
    "vendor_over_load": _coded(400, 406, "vendor_over_load"),
    "internal_error": _coded(500, 500, "internal_error"),
    "no_worker_manager": _coded(500, 501, "no_worker_manager_available"),
    "allocate_timeout": _coded(500, 504, "allocate_timeout"),
    "already_started": _coded(201, 7, "already started"),
    "not_completed": _coded(206, 65, "request not completed"),
    "task_conflict": _coded(400, 53, "task conflict"),
    "no_worker": _coded(500, 502, "Failed to allocate worker"),
    "start_timeout": _coded(500, 62, "request timeout"),
    "timeout": _coded(504, 62, "request timeout"),
    "not_found": _coded(404, 404, "failed to find worker"),
    "no_recorded_data": _coded(206, 435, "no recorded data"),
    "invalid_operation": _coded(400, 49, "invalid operation"),
    "proxy_404": Answer(404, "<html><body><h1>404 Not Found</h1></body></html>"),
    "proxy_502": Answer(502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
    "proxy_503": Answer(503, "<html><body><h1>503 Service Unavailable</h1></body></html>"),
    "empty_200": Answer(200, ""),
}


def refuse(name: str) -> NoReturn:
    """Raise the documented answer of that name."""
    raise Refused(ANSWERS[name])


def refuse_parameter(operation: str, problem: str) -> NoReturn:
    """Raise 400 with code 2 and a reason in the documentation's style."""
    raise Refused(_coded(400, 2, f"{operation[:1].upper()}{operation[1:]}: {problem}!"))
