"""Serves the Flask app from threads of this process."""

from __future__ import annotations

import threading

import structlog
from flask import Flask
from waitress.server import create_server

from web.app import MAX_BODY_BYTES

_THREADS = 8
_RETRY_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class WebServer:
    """Listens as soon as the address is free. The bot does not wait for it: recordings are polled meanwhile."""

    def __init__(self, app: Flask, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._closing = threading.Event()
        self._server: object | None = None
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        server = self._server
        if server is not None:
            server.task_dispatcher.shutdown()  # type: ignore[attr-defined]
            server.close()  # type: ignore[attr-defined]

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                server = create_server(
                    self._app,
                    host=self._host,
                    port=self._port,
                    threads=_THREADS,
                    max_request_body_size=MAX_BODY_BYTES,
                )
            except OSError as error:
                _log.error("http_address_taken", host=self._host, port=self._port, error=str(error))
                self._closing.wait(_RETRY_SECONDS)
                continue
            self._server = server
            _log.info("http_listening", host=self._host, port=getattr(server, "effective_port", self._port))
            self._run(server)

    def _run(self, server: object) -> None:
        try:
            server.run()  # type: ignore[attr-defined]
        except OSError as error:
            if not self._closing.is_set():
                _log.error("http_stopped", error=str(error))
