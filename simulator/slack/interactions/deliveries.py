"""What Slack sends to the app, over Socket Mode or as signed HTTP requests, and when it was acknowledged."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from simulator.slack.network.http import Json
from simulator.slack.network.sockets import Connection, SocketMode
from simulator.slack.workspace.workspace import World


@dataclass(eq=False)
class Delivery:
    """One sending of one payload; the same envelope sent again is another delivery."""

    envelope_id: str
    type: str
    payload: Json = field(repr=False)
    ack_seconds: float
    to: str | None = None
    retry_attempt: int = 0
    sent_at: float = field(default_factory=time.time)
    latency: float | None = None
    response: Any = None
    failed: str | None = None
    on_ack: Callable[[Any], None] | None = field(default=None, repr=False)
    _sent: float = field(default_factory=time.monotonic, repr=False)

    @property
    def acknowledged(self) -> bool:
        """Acknowledged in time."""
        return self.latency is not None and self.latency <= self.ack_seconds

    @property
    def late(self) -> bool:
        return self.latency is not None and self.latency > self.ack_seconds

    @property
    def error(self) -> str | None:
        """What the person sees, if anything: `operation_timeout` or `dispatch_failed`."""
        if self.failed:
            return self.failed
        waited = time.monotonic() - self._sent
        return "operation_timeout" if self.late or (self.latency is None and waited > self.ack_seconds) else None

    @property
    def settled(self) -> bool:
        return self.acknowledged or self.error is not None

    def as_json(self) -> Json:
        facts = {name: value for name, value in vars(self).items() if name not in ("on_ack", "_sent")}
        return {**facts, "acknowledged": self.acknowledged, "error": self.error}


class Dispatcher:
    """Sends payloads and keeps the book of acknowledgements."""

    def __init__(self, world: World, sockets: SocketMode, signing_secret: str, *, ack_seconds: float = 3.0) -> None:
        self._world = world
        self._sockets = sockets
        self.signing_secret = signing_secret
        self.ack_seconds = ack_seconds
        self.request_url: str | None = None
        self.deliveries: list[Delivery] = []
        self.unexpected: list[Json] = []
        sockets.on_frame = self._frame

    def send(
        self,
        type: str,
        payload: Json,
        *,
        envelope_id: str | None = None,
        connection: str | None = None,
        retry_attempt: int = 0,
        on_ack: Callable[[Any], None] | None = None,
    ) -> Delivery:
        """Send, without waiting for the acknowledgement."""
        delivery = Delivery(envelope_id or str(uuid.uuid4()), type, payload, self.ack_seconds)
        delivery.retry_attempt, delivery.on_ack = retry_attempt, on_ack
        with self._world.changed:
            self.deliveries.append(delivery)
        if self.request_url is not None and connection is None:
            delivery.to = self.request_url
            threading.Thread(target=self._post, args=(delivery, self.request_url), daemon=True).start()
        else:
            self._push(delivery, connection)
        return delivery

    def wait(self, delivery: Delivery) -> None:
        """Until it is acknowledged or too late for that."""
        self._world.wait_for(lambda: delivery.settled, delivery.ack_seconds + 2)

    def _push(self, delivery: Delivery, wanted: str | None) -> None:
        connection = self._sockets.choose(wanted)
        if connection is None:
            self._fail(delivery, "dispatch_failed")
            return
        delivery.to = connection.id
        if not connection.send(_envelope(delivery)):
            self._fail(delivery, "dispatch_failed")

    def _fail(self, delivery: Delivery, error: str) -> None:
        with self._world.changed:
            delivery.failed = error
            self._world.notify()

    def _frame(self, frame: Json, connection: Connection) -> None:
        with self._world.changed:
            waiting = [d for d in self.deliveries if d.envelope_id == frame.get("envelope_id") and d.latency is None]
            if not waiting:
                self.unexpected.append({"connection": connection.id, **frame})
                return
            self._acknowledge(waiting[-1], frame.get("payload"))

    def _acknowledge(self, delivery: Delivery, response: Any) -> None:
        with self._world.changed:
            delivery.latency = time.monotonic() - delivery._sent
            delivery.response = response
            if delivery.acknowledged and delivery.on_ack:
                delivery.on_ack(response)
            self._world.notify()

    def _post(self, delivery: Delivery, url: str) -> None:
        body, content_type = _http_body(delivery)
        headers = {"Content-Type": content_type, **self.signature(body), **_retry_headers(delivery)}
        parts = urlsplit(url)
        client = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=delivery.ack_seconds + 10)
        try:
            client.request("POST", parts.path or "/", body, headers)
            answer = client.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self._fail(delivery, "dispatch_failed")
            return
        finally:
            client.close()
        if answer.status != 200:
            self._fail(delivery, "dispatch_failed")
        else:
            self._acknowledge(delivery, _http_answer(text, answer.getheader("Content-Type") or ""))

    def signature(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """Slack's headers for a request with this body."""
        at = str(int(time.time()) if timestamp is None else timestamp)
        digest = hmac.new(self.signing_secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}

    def send_event(
        self, payload: Json, retry_seconds: Iterable[float], *, stopped: threading.Event, connection: str | None = None
    ) -> list[Delivery]:
        """Send an event, and again after each wait until it is acknowledged; the list grows meanwhile."""
        sent = [self.send("events_api", payload, connection=connection)]

        def retry() -> None:
            for attempt, wait in enumerate(retry_seconds, 1):
                self.wait(sent[-1])
                if sent[-1].acknowledged or stopped.wait(wait):
                    return
                again = self.send("events_api", payload, envelope_id=sent[0].envelope_id, retry_attempt=attempt)
                with self._world.changed:
                    sent.append(again)
                    self._world.notify()

        threading.Thread(target=retry, daemon=True).start()
        return sent


def _envelope(delivery: Delivery) -> Json:
    is_event = delivery.type == "events_api"
    retried = {"retry_attempt": delivery.retry_attempt, "retry_reason": "timeout" if delivery.retry_attempt else ""}
    return {
        "envelope_id": delivery.envelope_id,
        "type": delivery.type,
        "payload": delivery.payload,
        "accepts_response_payload": not is_event,
        **(retried if is_event else {}),
    }


def _http_body(delivery: Delivery) -> tuple[bytes, str]:
    form = "application/x-www-form-urlencoded"
    if delivery.type == "slash_commands":
        return urlencode(delivery.payload).encode(), form
    if delivery.type == "interactive":
        return urlencode({"payload": json.dumps(delivery.payload)}).encode(), form
    return json.dumps(delivery.payload).encode(), "application/json"


def _retry_headers(delivery: Delivery) -> dict[str, str]:
    if not delivery.retry_attempt:
        return {}
    return {"X-Slack-Retry-Num": str(delivery.retry_attempt), "X-Slack-Retry-Reason": "http_timeout"}


def _http_answer(text: str, content_type: str) -> Any:
    if content_type.startswith("application/json"):
        return json.loads(text) if text else None
    return {"text": text} if text else None
