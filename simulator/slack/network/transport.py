"""Delivers to the app over the network: by Socket Mode, or as signed HTTP requests."""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from simulator.slack.interactions.deliveries import Ack, Delivery, Dispatcher
from simulator.slack.network.sockets import SocketMode


@dataclass
class NetworkTransport:
    """Socket Mode, unless there is a request URL."""

    dispatcher: Dispatcher
    sockets: SocketMode
    request_url: str | None = None
    synchronous: bool = False

    def __post_init__(self) -> None:
        self.sockets.on_frame = self.dispatcher.receive

    def send(self, delivery: Delivery, connection: str | None) -> None:
        if self.request_url is not None and connection is None:
            delivery.to = self.request_url
            threading.Thread(target=self._post, args=(delivery, self.request_url), daemon=True).start()
        else:
            self._push(delivery, connection)

    def _push(self, delivery: Delivery, wanted: str | None) -> None:
        connection = self.sockets.choose(wanted)
        if connection is None:
            self.dispatcher.fail(delivery, "dispatch_failed")
            return
        delivery.to = connection.id
        if not connection.send(delivery.envelope):
            self.dispatcher.fail(delivery, "dispatch_failed")

    def _post(self, delivery: Delivery, url: str) -> None:
        parts = urlsplit(url)
        client = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=delivery.ack_seconds + 10)
        body, _ = delivery.http_body()
        try:
            client.request("POST", parts.path or "/", body, self.dispatcher.http_headers(delivery))
            answer = client.getresponse()
            ack = Ack.of_http(answer.status, answer.read().decode(), answer.getheader("Content-Type") or "")
        except (OSError, http.client.HTTPException):
            self.dispatcher.fail(delivery, "dispatch_failed")
        else:
            self.dispatcher.acknowledge(delivery, ack.payload)
        finally:
            client.close()
