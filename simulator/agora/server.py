"""Serves a simulated Agora on 127.0.0.1: its API hosts, the control API, uploads and notifications."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from simulator.agora.control_api import PREFIX, ControlApi
from simulator.agora.http.answers import Answer
from simulator.agora.simulator import AgoraSimulator
from simulator.agora.webhook_sender import WebhookSender
from simulator.changes import Change
from simulator.listener import Listener

_TICK = 0.02
"""Seconds between two looks for due uploads."""


class AgoraServer:
    """`with AgoraServer(AgoraSimulator(…)) as server:`; control it through `server.simulator`."""

    def __init__(self, simulator: AgoraSimulator | None = None, *, port: int = 0) -> None:
        self.simulator = simulator or AgoraSimulator()
        self._port = port
        self._control_api = ControlApi(self.simulator)
        self._sender = WebhookSender(self.simulator.webhook, self.simulator.options.timing.webhook_timeout)
        self._uploads = threading.Thread(target=self._upload, daemon=True)
        self._stopping = threading.Event()
        self._bases: list[Listener] = []
        self._control_listener: Listener | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> Self:
        """Serve every base, and the control API on a port that never goes down."""
        self.simulator.release(closing=False)
        bases = range(self.simulator.options.bases)
        self._bases = [self._listener(self._port if base == 0 else 0, base) for base in bases]
        self._control_listener = self._listener(0, -1)
        for listener in (*self._bases, self._control_listener):
            listener.up()
        self.simulator.urls = tuple(listener.url for listener in self._bases)
        self._unsubscribe = self.simulator.changes.subscribe(self._on_change)
        self._sender.start()
        if self.simulator.bucket is not None:
            self._uploads.start()
        return self

    def stop(self) -> None:
        """End every request that hangs, close every port; can't be started again."""
        self.simulator.release(closing=True)
        self._stopping.set()
        self._sender.stop()
        if self._uploads.is_alive():
            self._uploads.join()
        if self._unsubscribe is not None:
            self._unsubscribe()
        for listener in self._bases:
            listener.close()
        if self._control_listener is not None:
            self._control_listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def control_url(self) -> str:
        """The base of the control API; it answers while every base is down (and on each base, while that is up)."""
        if self._control_listener is None:
            raise RuntimeError("the server has not been started")
        return f"{self._control_listener.url}{PREFIX}"

    def _listener(self, port: int, base: int) -> Listener:
        def handle(method: str, target: str, headers: Mapping[str, str], content: bytes) -> Answer | None:
            if target.startswith(f"{PREFIX}/"):
                return self._control_api.handle(method, target, content)
            return self.simulator.handle(method, target, headers, content, base)

        return Listener(port, handle)

    def _on_change(self, change: Change) -> None:
        if change.kind != "base":
            return
        for base, listener in enumerate(self._bases):
            if self.simulator.is_up(base) != listener.is_up:
                (listener.up if self.simulator.is_up(base) else listener.down)()

    def _upload(self) -> None:
        while not self._stopping.wait(_TICK):
            self.simulator.upload_due()
