"""Sends a test notification to the bot's own public URL, by the route that Agora's notifications take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import requests
from urllib3.exceptions import HTTPError

from agora import notifications
from agora.connections import AtMostOnceAdapter, Unreachable, call_deadline
from agora.endpoints import host_of
from agora.responses import json_object
from recordings.errors import NoAnswer, NotSent

TIMEOUT = 5.0
_MAX_RESPONSE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """The status, and whether the body is a JSON object."""

    status: int
    is_json: bool


def send_test_notification(public_url: str, secret: str, now: datetime, timeout: float = TIMEOUT) -> WebhookResponse:
    """Posts to the webhook below `public_url`. Like Agora, it follows no redirects; it also ignores proxy variables.

    Raises `NotSent` if no connection can be made, and `NoAnswer` if no response comes in time.
    """
    body = notifications.build_test_notification(now)
    headers = {"Content-Type": "application/json"} | notifications.signature_headers(secret, body)
    host = host_of(public_url)
    with requests.Session() as session:
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, AtMostOnceAdapter(hosts=1, connections=1))
        request = session.prepare_request(requests.Request("POST", f"{public_url}/agora/webhook", headers, data=body))
        try:
            with call_deadline(timeout, on_connect=lambda: None):
                return _exchange(session, request, timeout)
        except Unreachable as error:
            raise NotSent(f"no connection to {host}: {error}") from None
        except (requests.RequestException, HTTPError, OSError):
            raise NoAnswer(f"no answer from {host} within {timeout:g} s") from None


def _exchange(session: requests.Session, request: requests.PreparedRequest, timeout: float) -> WebhookResponse:
    with session.send(request, stream=True, timeout=timeout, allow_redirects=False) as response:
        body = next(response.iter_content(_MAX_RESPONSE_BYTES), b"")
    return WebhookResponse(response.status_code, json_object(body) is not None)
