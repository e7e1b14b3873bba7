"""Serves a simulated bucket on 127.0.0.1."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from simulator.bucket.simulator import BucketSimulator
from simulator.changes import Change
from simulator.listener import Listener


class BucketServer:
    """`with BucketServer() as server:`; control it through `server.simulator`."""

    def __init__(self, simulator: BucketSimulator | None = None, *, port: int = 0) -> None:
        self.simulator = simulator or BucketSimulator()
        self._port = port
        self._listener: Listener | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> Self:
        """Make the bucket and serve it."""
        self.simulator.open()
        self._listener = Listener(self._port, self.simulator.handle)
        self._listener.up()
        self.simulator.url = self._listener.url
        self._unsubscribe = self.simulator.subscribe(self._on_change)
        return self

    def stop(self) -> None:
        """End requests that hang, close the port, and forget the objects."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        self.simulator.close()
        if self._listener is not None:
            self._listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _on_change(self, change: Change) -> None:
        if change.kind == "reachability" and self._listener is not None:
            (self._listener.up if self.simulator.is_up else self._listener.down)()
