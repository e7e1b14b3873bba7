"""A test notification to the bot's own public address, on the way that Agora's take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import requests
from urllib3.exceptions import HTTPError

from agora import notifications
from agora.answers import json_object
from agora.connections import CarefulAdapter, Unreachable, give_up_after
from agora.endpoints import host_of
from recordings.errors import NoAnswer, NotSent

SECONDS = 5.0
_LARGEST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    is_json: bool


def send_test(public_url: str, secret: str, now: datetime, seconds: float = SECONDS) -> Reply:
    """Follows no redirect, as Agora does not, and obeys no proxy variable. Raises `NotSent` where no connection came
    up, `NoAnswer` where nothing came back."""
    body = notifications.a_test(now)
    headers = {"Content-Type": "application/json"} | notifications.signatures(secret, body)
    host = host_of(public_url)
    with requests.Session() as session:
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, CarefulAdapter(hosts=1, connections=1))
        request = session.prepare_request(requests.Request("POST", f"{public_url}/agora/webhook", headers, data=body))
        try:
            with give_up_after(seconds, connected=lambda: None):
                return _exchange(session, request, seconds)
        except Unreachable as error:
            raise NotSent(f"no connection to {host}: {error}") from None
        except (requests.RequestException, HTTPError, OSError):
            raise NoAnswer(f"no answer from {host} within {seconds:g} s") from None


def _exchange(session: requests.Session, request: requests.PreparedRequest, seconds: float) -> Reply:
    with session.send(request, stream=True, timeout=seconds, allow_redirects=False) as response:
        body = next(response.iter_content(_LARGEST_ANSWER), b"")
    return Reply(response.status_code, json_object(body) is not None)
