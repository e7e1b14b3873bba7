"""Sends one request to Agora, at most once.

`Transport` is the seam: the client reaches the network only through it, so tests replace it with a few lines.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Protocol

import requests
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import HTTPError, ReadTimeoutError

from agora.connections import AtMostOnceAdapter, Unreachable, call_deadline
from agora.endpoints import EndpointPool, host_of
from recordings.errors import NoAnswer, NotSent

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 64
"""Connections to one host; a thread beyond that opens one for a single call."""
_MAX_HOSTS = 10

_MAX_RESPONSE_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `path` begins with a slash and is percent-encoded; `json` may contain secrets."""

    operation: str
    method: str
    path: str = field(repr=False)
    json: Mapping[str, object] | None = field(default=None, repr=False)
    timeout: float | None = None
    """Seconds after which a response is useless, if shorter than the transport's total timeout."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response with any status."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Customer id and secret of Agora's REST API."""

    customer_id: str = field(repr=False)
    customer_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds. `connect`: for each address of a host, and again for TLS; `read`: for the next byte; `total`: for the
    whole call."""

    connect: float = 3.05
    read: float = 10.0
    total: float = 15.0


def no_pacing(call: Call) -> None:
    """For a transport without a rate limit."""


def ignore_response(response: HttpResponse) -> None:
    """For a transport without an observer."""


_DEFAULT_TIMEOUTS = Timeouts()


class Transport(Protocol):
    """Sends a call once. Raises `NotSent` if Agora surely did not get it, and `NoAnswer` if it may have."""

    def send(self, call: Call, /) -> HttpResponse: ...
    def close(self) -> None: ...


class HttpTransport:
    """Agora's REST API over HTTP. Thread safe.

    It follows no redirects, ignores proxy variables, keeps no cookies and retries nothing. After a failure the next
    call may go to another endpoint (see `EndpointPool`).
    """

    def __init__(
        self,
        endpoints: EndpointPool,
        credentials: Credentials,
        *,
        timeouts: Timeouts = _DEFAULT_TIMEOUTS,
        pace: Callable[[Call], None] = no_pacing,
        on_response: Callable[[HttpResponse], None] = ignore_response,
        ca_bundle: str | None = None,
    ) -> None:
        """`pace` blocks until a call may be sent, which does not count towards the call's timeouts. `on_response` gets
        every response. `ca_bundle`: a file of CA certificates to trust instead of the default ones."""
        self._endpoints = endpoints
        self._timeouts = timeouts
        self._pace = pace
        self._on_response = on_response
        self._session = _session(credentials)
        self._session.verify = ca_bundle or True

    def send(self, call: Call) -> HttpResponse:
        """Sends the call to the endpoint that the pool prefers at the moment."""
        self._pace(call)
        endpoint = self._endpoints.pick()
        started_at = time.monotonic()
        outcome = "not_sent"
        try:
            response = self._exchange(endpoint, call)
            outcome = str(response.status)
            return response
        except NoAnswer:
            outcome = "no_answer"
            raise
        finally:
            milliseconds = (time.monotonic() - started_at) * 1000
            log.debug(
                "agora_call operation=%s host=%s status=%s ms=%.0f",
                call.operation,
                host_of(endpoint),
                outcome,
                milliseconds,
            )

    def close(self) -> None:
        """Closes the idle connections."""
        self._session.close()

    def _exchange(self, endpoint: str, call: Call) -> HttpResponse:
        # `from None`: the exceptions of requests contain the URL and the request with its Authorization header.
        try:
            # Connecting takes time: without a second turn the call would arrive late, together with later calls.
            with call_deadline(self._seconds_for(call), on_connect=lambda: self._pace(call)):
                response = self._request(endpoint, call)
        except Unreachable as error:
            self._endpoints.record_unreachable(endpoint)
            raise NotSent(f"no connection to {host_of(endpoint)}: {error}") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            self._endpoints.record_fault(endpoint)
            raise NoAnswer(f"no answer from {host_of(endpoint)}: {_reason(error)}") from None
        self._report(endpoint, response.status)
        self._on_response(response)
        return response

    def _seconds_for(self, call: Call) -> float:
        total = self._timeouts.total
        return total if call.timeout is None else min(total, call.timeout)

    def _request(self, endpoint: str, call: Call) -> HttpResponse:
        request = self._session.prepare_request(requests.Request(call.method, endpoint + call.path, json=call.json))
        timeout = (self._timeouts.connect, self._timeouts.read)
        with self._session.send(request, stream=True, timeout=timeout, allow_redirects=False) as response:
            return HttpResponse(response.status_code, _body(response), dict(response.headers))

    def _report(self, endpoint: str, status: int) -> None:
        # Agora sends no redirects, so one comes from a proxy in between.
        if status >= 500 or 300 <= status < 400:
            self._endpoints.record_fault(endpoint)
        else:
            self._endpoints.record_answer(endpoint)


def _session(credentials: Credentials) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.auth = HTTPBasicAuth(credentials.customer_id.encode(), credentials.customer_secret.encode())
    # `identity`: the size of a compressed response could not be bounded. Agora's are small.
    session.headers.update(
        {"Accept": "application/json", "Content-Type": "application/json", "Accept-Encoding": "identity"}
    )
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = AtMostOnceAdapter(hosts=_MAX_HOSTS, connections=MAX_CONNECTIONS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _body(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > _MAX_RESPONSE_BYTES:
            raise requests.RequestException("too long")
    return bytes(body)


def _reason(error: Exception) -> str:
    inner = error.args[0] if error.args else None
    if isinstance(error, (requests.Timeout, TimeoutError)) or isinstance(inner, (ReadTimeoutError, TimeoutError)):
        return "timed out"
    return "the connection broke"
