"""Brings notices to the webhook: looks what there is to tell, signs it, posts it, and again where nobody answers."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from simulator.agora.notifications.delivery_queue import Deliveries, Delivery
from simulator.agora.notifications.event_source import Reporter
from simulator.agora.notifications.notification import milliseconds, signatures
from simulator.agora.state.agora_state import World

_LOOK = 0.02


@dataclass
class Postman:
    """A thread that looks, and one for each recorder that has something to tell just then."""

    world: World
    reporter: Reporter
    deliveries: Deliveries
    changed: threading.Condition
    url: str | None = None
    secret: str = ""
    _closing: threading.Event = field(default_factory=threading.Event)
    _looker: threading.Thread | None = None
    _posters: list[threading.Thread] = field(default_factory=list)
    _open: set[http.client.HTTPConnection] = field(default_factory=set)

    @property
    def running(self) -> bool:
        """Whether it looks."""
        return self._looker is not None

    def start(self) -> None:
        """Begin to look."""
        self._closing.clear()
        self._looker = threading.Thread(target=self._run, daemon=True)
        self._looker.start()

    def stop(self) -> None:
        """Drop what is in hand."""
        self._closing.set()
        if self._looker is not None:
            self._looker.join()
            self._looker = None
        while self._posters:
            self._hang_up()
            self._posters[0].join(_LOOK)
            self._posters = [thread for thread in self._posters if thread.is_alive()]

    def gather(self, now: float) -> None:
        """Take what there is to tell; with the lock held."""
        for notice in self.reporter.look(now):
            self.deliveries.send(notice, now)

    def _run(self) -> None:
        while not self._closing.wait(_LOOK):
            with self.changed:
                now = self.world.settle()
                self.gather(now)
                batches = self.deliveries.ready(now)
            self._posters = [thread for thread in self._posters if thread.is_alive()]
            for batch in batches:
                self._posters.append(threading.Thread(target=self._deliver, args=(batch,), daemon=True))
                self._posters[-1].start()

    def _hang_up(self) -> None:
        with self.changed:
            opened = [each.sock for each in self._open if isinstance(each.sock, socket.socket)]
        for sock in opened:
            with suppress(OSError):  # it has been answered
                sock.shutdown(socket.SHUT_RDWR)

    def _deliver(self, batch: list[Delivery]) -> None:
        for delivery in batch:
            if not self._closing.is_set():
                self._try(delivery)
        with self.changed:
            self.deliveries.free(batch[0].lane)
            self.changed.notify_all()

    def _try(self, delivery: Delivery) -> None:
        with self.changed:
            delivery.notice = {**delivery.notice, "notifyMs": milliseconds(self.world.clock.wall())}
            content = json.dumps(delivery.notice).encode()
            secret = f"not {self.secret}" if delivery.forged else self.secret
            url = self.url
        status, answer = (None, "") if url is None else self._post(url, content, signatures(secret, content))
        with self.changed:
            self.deliveries.tried(delivery, status, answer, self.world.clock.monotonic())
            self.changed.notify_all()

    def _post(self, url: str, content: bytes, signed: Mapping[str, str]) -> tuple[int | None, str]:
        parts = urlsplit(url)
        patience = self.world.timing.notice_patience
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=patience)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        try:
            with self.changed:
                self._open.add(connection)
            connection.request("POST", target, content, {"Content-Type": "application/json", **signed})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return None, ""
        finally:
            with self.changed:
                self._open.discard(connection)
            connection.close()
