"""Sends notifications over the network: looks for due ones all the time, and posts those of each recorder in turn."""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from simulator.agora.notifications.delivery_queue import Delivery
from simulator.agora.notifications.webhook import Webhook, WebhookRequest

_TICK = 0.02


@dataclass
class WebhookSender:
    """One thread that looks for due deliveries, and one for each recorder that has some."""

    webhook: Webhook
    timeout: float
    _closing: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _posting: list[threading.Thread] = field(default_factory=list)
    _open: set[http.client.HTTPConnection] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Begin to send."""
        self._closing.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for answers."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        while self._posting:
            self._hang_up()
            self._posting[0].join(_TICK)
            self._posting = [thread for thread in self._posting if thread.is_alive()]

    def _run(self) -> None:
        while not self._closing.wait(_TICK):
            self._posting = [thread for thread in self._posting if thread.is_alive()]
            for batch in self.webhook.due():
                self._posting.append(threading.Thread(target=self._deliver, args=(batch,), daemon=True))
                self._posting[-1].start()

    def _deliver(self, batch: list[Delivery]) -> None:
        for _ in self.webhook.attempt(batch, self._post):
            if self._closing.is_set():
                return

    def _hang_up(self) -> None:
        with self._lock:
            opened = [each.sock for each in self._open if isinstance(each.sock, socket.socket)]
        for sock in opened:
            with suppress(OSError):  # the answer has come meanwhile
                sock.shutdown(socket.SHUT_RDWR)

    def _post(self, request: WebhookRequest) -> tuple[int | None, str]:
        parts = urlsplit(request.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=self.timeout)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        try:
            with self._lock:
                self._open.add(connection)
            connection.request("POST", target, request.body, dict(request.headers))
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return None, ""
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
