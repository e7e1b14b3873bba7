"""Deliveries: the payloads that Slack sends to the app, and their acknowledgements."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from simulator.clock import Clock
from simulator.slack.http import Json
from simulator.slack.workspace.workspace import Workspace


@dataclass(frozen=True)
class Ack:
    """An acknowledgement, with the payload of the answer (a reply, errors of a form, …)."""

    payload: Any = None

    @classmethod
    def of_http(cls, status: int, text: str, content_type: str) -> Ack:
        """The acknowledgement in an HTTP answer; ConnectionError for any status but 200."""
        if status != 200:
            raise ConnectionError(f"the app answered {status}")
        if content_type.startswith("application/json"):
            return cls(json.loads(text) if text else None)
        return cls({"text": text} if text else None)


@dataclass(eq=False)
class Delivery:
    """One attempt to deliver one payload; the same envelope sent again is another delivery."""

    envelope_id: str
    type: str
    payload: Json = field(repr=False)
    ack_seconds: float
    clock: Clock = field(repr=False)
    to: str | None = None
    retry_attempt: int = 0
    latency: float | None = None
    response: Any = None
    failed: str | None = None
    on_ack: Callable[[Any], None] | None = field(default=None, repr=False)
    sent_at: float = field(init=False)
    """Unix time."""
    sent: float = field(init=False, repr=False)
    """By the clock's monotonic time."""

    def __post_init__(self) -> None:
        self.sent_at, self.sent = self.clock.wall(), self.clock.monotonic()

    @property
    def acknowledged(self) -> bool:
        """Acknowledged in time."""
        return self.latency is not None and self.latency <= self.ack_seconds

    @property
    def late(self) -> bool:
        return self.latency is not None and self.latency > self.ack_seconds

    @property
    def error(self) -> str | None:
        """The error that the person sees, if any: `operation_timeout` or `dispatch_failed`."""
        if self.failed:
            return self.failed
        waited = self.clock.monotonic() - self.sent
        return "operation_timeout" if self.late or (self.latency is None and waited > self.ack_seconds) else None

    @property
    def settled(self) -> bool:
        return self.acknowledged or self.error is not None

    @property
    def envelope(self) -> Json:
        """The frame of Socket Mode."""
        is_event = self.type == "events_api"
        retried = {"retry_attempt": self.retry_attempt, "retry_reason": "timeout" if self.retry_attempt else ""}
        return {
            "envelope_id": self.envelope_id,
            "type": self.type,
            "payload": self.payload,
            "accepts_response_payload": not is_event,
            **(retried if is_event else {}),
        }

    def http_body(self) -> tuple[bytes, str]:
        """The body of an HTTP request, and its content type."""
        form = "application/x-www-form-urlencoded"
        if self.type == "slash_commands":
            return urlencode(self.payload).encode(), form
        if self.type == "interactive":
            return urlencode({"payload": json.dumps(self.payload)}).encode(), form
        return json.dumps(self.payload).encode(), "application/json"

    def as_json(self) -> Json:
        facts = {name: value for name, value in vars(self).items() if name not in ("on_ack", "sent", "clock")}
        return {**facts, "acknowledged": self.acknowledged, "error": self.error}


class Transport(Protocol):
    """Brings deliveries to the app; it reports each with `acknowledge` or `fail` of the dispatcher."""

    @property
    def synchronous(self) -> bool:
        """Whether `send` returns only after the app has answered."""
        ...

    def send(self, delivery: Delivery, connection: str | None) -> None:
        """connection: the Socket Mode connection to use; None: any."""
        ...


@dataclass
class _Retry:
    """An event that is sent again until it is acknowledged."""

    sent: list[Delivery]
    waits: list[float]


class Dispatcher:
    """Sends payloads by its transport, and keeps every delivery."""

    def __init__(self, workspace: Workspace, signing_secret: str, *, ack_seconds: float = 3.0) -> None:
        self._workspace = workspace
        self.signing_secret = signing_secret
        self.ack_seconds = ack_seconds
        self.transport: Transport | None = None
        self.deliveries: list[Delivery] = []
        self.unexpected: list[Json] = []
        """Frames of the app that acknowledge nothing."""
        self._retries: list[_Retry] = []

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
        """Send; only a synchronous transport waits for the acknowledgement."""
        clock = self._workspace.clock
        delivery = Delivery(envelope_id or str(uuid.uuid4()), type, payload, self.ack_seconds, clock)
        delivery.retry_attempt, delivery.on_ack = retry_attempt, on_ack
        with self._workspace.changes:
            self.deliveries.append(delivery)
            self._workspace.changes.announce("delivery", delivery.envelope_id)
        if self.transport is None:
            self.fail(delivery, "dispatch_failed")
        else:
            self.transport.send(delivery, connection)
        return delivery

    def wait(self, delivery: Delivery) -> None:
        """Wait, in real time, until it is acknowledged or too late; with a synchronous transport there is no wait."""
        if self.transport is None or not self.transport.synchronous:
            self._workspace.changes.wait_for(lambda: delivery.settled, delivery.ack_seconds + 2)

    def fail(self, delivery: Delivery, error: str) -> None:
        """The app could not be reached, or refused it."""
        with self._workspace.changes:
            delivery.failed = error
            self._workspace.changes.announce("delivery", delivery.envelope_id)

    def acknowledge(self, delivery: Delivery, response: Any) -> None:
        """The app has acknowledged it, now."""
        with self._workspace.changes:
            delivery.latency = self._workspace.clock.monotonic() - delivery.sent
            delivery.response = response
            if delivery.acknowledged and delivery.on_ack:
                delivery.on_ack(response)
            self._workspace.changes.announce("delivery", delivery.envelope_id)

    def receive(self, frame: Json, source: str = "") -> None:
        """A frame of the app: the acknowledgement of an envelope, or else it is kept in `unexpected`."""
        with self._workspace.changes:
            waiting = [d for d in self.deliveries if d.envelope_id == frame.get("envelope_id") and d.latency is None]
            if waiting:
                self.acknowledge(waiting[-1], frame.get("payload"))
            else:
                self.unexpected.append({"connection": source, **frame})
                self._workspace.changes.announce("delivery")

    def http_headers(self, delivery: Delivery) -> dict[str, str]:
        """The headers of its HTTP request."""
        body, content_type = delivery.http_body()
        retried: Mapping[str, str] = {}
        if delivery.retry_attempt:
            retried = {"X-Slack-Retry-Num": str(delivery.retry_attempt), "X-Slack-Retry-Reason": "http_timeout"}
        return {"Content-Type": content_type, **self.signature(body), **retried}

    def signature(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """Slack's signature headers for a request with this body."""
        at = str(int(self._workspace.clock.wall()) if timestamp is None else timestamp)
        digest = hmac.new(self.signing_secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}

    def send_event(
        self, payload: Json, retry_seconds: Iterable[float], *, connection: str | None = None
    ) -> list[Delivery]:
        """Send an event, and again by `retry_events` until it is acknowledged; the list grows meanwhile."""
        sent = [self.send("events_api", payload, connection=connection)]
        with self._workspace.changes:
            self._retries.append(_Retry(sent, list(retry_seconds)))
        return sent

    def retry_events(self) -> None:
        """Send every event again whose next attempt is due."""
        with self._workspace.changes:
            self._retries = [each for each in self._retries if each.waits and not each.sent[-1].acknowledged]
            due = [each for each in self._retries if self._is_due(each)]
            for each in due:
                each.waits.pop(0)
        for each in due:
            first, attempt = each.sent[0], len(each.sent)
            again = self.send("events_api", first.payload, envelope_id=first.envelope_id, retry_attempt=attempt)
            with self._workspace.changes:
                each.sent.append(again)
                self._workspace.changes.announce("delivery", again.envelope_id)

    def _is_due(self, retry: _Retry) -> bool:
        last, now = retry.sent[-1], self._workspace.clock.monotonic()
        ended = last.sent if last.failed else last.sent + last.ack_seconds
        return last.settled and now >= ended + retry.waits[0]


@dataclass
class InProcess:
    """Calls a function with each delivery, in the thread of the person who acts.

    The function returns an Ack, or None if it does not acknowledge (`receive` can do it later); a ConnectionError
    means that the app can't be reached. Latency is measured by the simulator's clock.
    """

    dispatcher: Dispatcher
    deliver: Callable[[Delivery], Ack | None]
    synchronous: bool = True

    def send(self, delivery: Delivery, connection: str | None) -> None:
        del connection
        delivery.to = "in process"
        try:
            ack = self.deliver(delivery)
        except ConnectionError:
            self.dispatcher.fail(delivery, "dispatch_failed")
            return
        if ack is not None:
            self.dispatcher.acknowledge(delivery, ack.payload)
