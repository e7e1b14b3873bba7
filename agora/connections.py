"""HTTP connections that add two things to requests: whether the request was sent at all, and one deadline for a call.

requests reports a TLS handshake that timed out like a response that never came, and its read timeout restarts with
every byte. Both matter here: a `start` whose response was lost may have started a recorder.
"""

from __future__ import annotations

import http.client
import io
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util.connection import create_connection

MAX_IDLE_SECONDS = 30.0
"""A connection idle for longer is replaced. Hosts close idle connections after about 60 s, and if that happens while a
request is under way, nobody can know whether it arrived."""


@dataclass(slots=True)
class _Bounds:
    deadline: float
    on_connect: Callable[[], None]


_bounds: ContextVar[_Bounds] = ContextVar("agora_call_bounds")


class Unreachable(Exception):
    """No connection could be made, so nothing of the request was sent. The message says why, without the URL."""


@contextmanager
def call_deadline(seconds: float, on_connect: Callable[[], None]) -> Iterator[None]:
    """Limits the whole call inside: connecting, sending, headers and body. Raises `TimeoutError` when it is over.

    Only the DNS lookup can take longer, because nothing can interrupt the C library. `on_connect` is called when a new
    connection was made, before the request is sent; the time that it takes does not count.
    """
    token = _bounds.set(_Bounds(time.monotonic() + seconds, on_connect))
    try:
        yield
    finally:
        _bounds.reset(token)


def _time_left(bounds: _Bounds) -> float:
    left = bounds.deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class _BoundedReader(io.RawIOBase):
    """Reads from a socket: waits at most its timeout for the next byte, and never longer than the deadline."""

    def __init__(self, raw: Any, sock: socket.socket, bounds: _Bounds) -> None:
        self._raw = raw
        self._sock = sock
        self._bounds = bounds
        self._timeout = sock.gettimeout() or math.inf

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(self._timeout, _time_left(self._bounds)))
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_BoundedReader(self.fp.detach(), sock, _bounds.get()))


class _Connection(HTTPConnection):
    response_class = _BoundedResponse

    _used_at = -math.inf

    def connect(self) -> None:
        bounds = _bounds.get()
        try:
            super().connect()
            _time_left(bounds)
        except (OSError, HTTPError, ValueError) as error:
            raise Unreachable(_reason(error)) from error
        connected_at = time.monotonic()
        bounds.on_connect()
        bounds.deadline += time.monotonic() - connected_at

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3 overrides it the same way
        self._used_at = time.monotonic()
        return super().getresponse()

    @property
    def is_connected(self) -> bool:
        return super().is_connected and time.monotonic() - self._used_at < MAX_IDLE_SECONDS

    def _new_conn(self) -> socket.socket:
        # Tries each address, like create_connection with a host name, but within one deadline.
        failure: OSError = OSError("no address")
        for *_, address in socket.getaddrinfo(self.host.strip("[]"), self.port, type=socket.SOCK_STREAM):
            try:
                return self._open(str(address[0]), int(address[1]))
            except OSError as error:
                failure = error
        raise failure

    def _open(self, ip: str, port: int) -> socket.socket:
        timeout = min(float(self.timeout or math.inf), _time_left(_bounds.get()))
        return create_connection((ip, port), timeout, socket_options=self.socket_options)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class AtMostOnceAdapter(HTTPAdapter):
    """Never sends a request twice, obeys `call_deadline`, and raises `Unreachable` if nothing was sent."""

    def __init__(self, *, hosts: int, connections: int) -> None:
        super().__init__(pool_connections=hosts, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"no TLS ({error.reason or 'handshake failed'})"
    if isinstance(error, socket.gaierror):
        return "its name can't be resolved"
    if isinstance(error, TimeoutError):
        return "timed out"
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else type(error).__name__
