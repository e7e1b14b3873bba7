"""The webhook that Agora notifies: which deliveries are due there, and the signed request for each."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from simulator.agora.notifications.delivery_queue import Delivery, DeliveryQueue
from simulator.agora.notifications.event_source import EventSource
from simulator.agora.notifications.notification import milliseconds, signatures
from simulator.agora.state.agora_state import AgoraState

_LEAVE_BITS = 2 | 4 | 8 | 16


@dataclass(frozen=True)
class WebhookRequest:
    """A POST to the webhook."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    """Content type and signatures."""


Post = Callable[[WebhookRequest], tuple[int | None, str]]
"""Sends a request; HTTP status and body of the answer, status None without an answer."""


@dataclass
class Webhook:
    """Where notifications go. No thread and no socket of its own: `deliver_due`, or the batches of `due`."""

    state: AgoraState
    url: str | None
    secret: str
    source: EventSource = field(init=False)
    queue: DeliveryQueue = field(init=False)

    def __post_init__(self) -> None:
        self.source = EventSource(self.state)
        self.source.listening = self.url is not None
        shuffle = random.Random(self.state.options.seed)  # noqa: S311 - the order of deliveries, no secret
        self.queue = DeliveryQueue(self.state.clock, self.state.timing, self.source.new_id, shuffle)
        _check_url(self.url)

    def configure(self, url: str | None, secret: str | None, stop_code: int | None) -> None:
        """Notify that URL from now on (None: nobody); None for the others leaves them as they are."""
        _check_url(url)
        if stop_code is not None and stop_code & ~_LEAVE_BITS:
            raise ValueError("stop_code is made of 2, 4, 8 and 16")
        with self.state.changing("webhook") as now:
            self.collect(now)  # drops what happened before there was a webhook
            self.source.listening = url is not None
            self.source.stop_code = self.source.stop_code if stop_code is None else stop_code
            self.url = url
            self.secret = self.secret if secret is None else secret

    def collect(self, now: float) -> None:
        """Queue the notifications of everything that has happened. Callers hold the lock."""
        for notification in self.source.collect(now):
            self.queue.send(notification, now)

    def due(self) -> list[list[Delivery]]:
        """Deliveries to try now, in one list for each recorder; each list is passed to `attempt`."""
        if self.url is None:
            return []
        with self.state.reading() as now:
            self.collect(now)
            return self.queue.ready(now)

    def attempt(self, batch: list[Delivery], post: Post) -> Iterator[Delivery]:
        """Post one recorder's deliveries one after the other."""
        try:
            for delivery in batch:
                status, text = self._post(delivery, post)
                with self.state.changing("notification", delivery.recorder):
                    self.queue.record_try(delivery, status, text, self.state.clock.monotonic())
                yield delivery
        finally:
            with self.state.changing("notification", batch[0].recorder):
                self.queue.free(batch[0].recorder)

    def _post(self, delivery: Delivery, post: Post) -> tuple[int | None, str]:
        with self.state.reading():
            delivery.message = {**delivery.message, "notifyMs": milliseconds(self.state.clock.wall())}
            body = json.dumps(delivery.message).encode()
            secret = f"not {self.secret}" if delivery.forged else self.secret
            url = self.url
        if url is None:
            return None, ""
        return post(WebhookRequest(url, body, {"Content-Type": "application/json", **signatures(secret, body)}))

    def deliver_due(self, post: Post) -> list[Delivery]:
        """Try everything that is due, in this thread; a repeat that is due at once is made as well."""
        tried: list[Delivery] = []
        while batches := self.due():
            for batch in batches:
                tried += self.attempt(batch, post)
        return tried

    def next_due(self) -> float | None:
        """When there is something to deliver next; None without a webhook."""
        if self.url is None:
            return None
        with self.state.reading() as now:
            moments = [self.queue.next_due(), self.source.next_moment(now)]
            return min((moment for moment in moments if moment is not None), default=None)

    def is_pending(self) -> bool:
        """Whether a delivery is due or being tried."""
        with self.state.reading() as now:
            self.collect(now)
            return self.queue.pending(now)

    def reset(self) -> None:
        """Forget deliveries and rules; the URL stays."""
        self.source.reset()
        self.queue.reset()


def _check_url(url: str | None) -> None:
    if url is not None and (urlsplit(url).scheme != "http" or not urlsplit(url).hostname):
        raise ValueError("a webhook is http://host:port/path")
