"""One request over the wire, at most once.

`Transport` is the seam: the client asks for nothing else of the network, so tests put a few lines in its place.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Protocol

import requests
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import HTTPError, ReadTimeoutError

from agora.connections import CarefulAdapter, Unreachable, give_up_after
from agora.endpoints import EndpointPool, host_of
from recordings.errors import NoAnswer, NotSent

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 3.05
READ_TIMEOUT = 10.0
TOTAL_TIMEOUT = 15.0
RETURN_AFTER = 60.0
THREADS = 64
"""So many calls at once find a connection of their own."""

_LARGEST_ANSWER = 4 * 1024 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `path` begins with a slash and is percent-encoded; `json` may hold secrets."""

    operation: str
    method: str
    path: str = field(repr=False)
    json: Mapping[str, object] | None = field(default=None, repr=False)
    timeout: float | None = None
    """Seconds after which the answer is of no use any more."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back, whatever its status."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def _at_once(call: Call) -> None:
    """No pace at all."""


def ignore_response(answer: HttpResponse) -> None:
    """Nobody else wants to know."""


class Transport(Protocol):
    """Sends a call once. Raises `NotSent` where it surely did not arrive, `NoAnswer` where that is not known."""

    def send(self, call: Call, /) -> HttpResponse: ...
    def close(self) -> None: ...


class HttpTransport:
    """Agora's REST API over HTTP, with its customer id and secret. Thread safe.

    Follows no redirect, obeys no proxy variable, keeps no cookie, and repeats nothing: where a base can't be reached
    (or gives no usable answer twice), the next call goes to the next one (see `EndpointPool`).

    Durations in seconds: `connect_timeout` for each address of a host and again for TLS, `read_timeout` for the next
    byte, `total_timeout` for the whole call, `return_after` until a base that was left is tried again. `pace` waits
    until this call may be sent; that is no part of the call's time. `on_response` gets every answer as it comes.
    `ca_bundle` is a file of certificates to trust in place of the usual ones.
    """

    def __init__(
        self,
        bases: Sequence[str],
        customer_id: str,
        customer_secret: str,
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        total_timeout: float = TOTAL_TIMEOUT,
        return_after: float = RETURN_AFTER,
        pace: Callable[[Call], None] = _at_once,
        on_response: Callable[[HttpResponse], None] = ignore_response,
        ca_bundle: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bases = EndpointPool(bases, return_after=return_after, monotonic=monotonic)
        self._timeouts = (connect_timeout, read_timeout)
        self._total_timeout = total_timeout
        self._pace = pace
        self._heard = on_response
        self._session = _session(customer_id, customer_secret, hosts=len(bases))
        self._session.verify = ca_bundle or True

    def send(self, call: Call) -> HttpResponse:
        """Sends it to the base that is preferred just now."""
        self._pace(call)
        base = self._bases.pick()
        began = time.monotonic()
        outcome = "not_sent"
        try:
            answer = self._exchange(base, call)
            outcome = str(answer.status)
            return answer
        except NoAnswer:
            outcome = "no_answer"
            raise
        finally:
            milliseconds = (time.monotonic() - began) * 1000
            log.debug(
                "agora_call operation=%s host=%s status=%s ms=%.0f",
                call.operation,
                host_of(base),
                outcome,
                milliseconds,
            )

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._session.close()

    def _exchange(self, base: str, call: Call) -> HttpResponse:
        # `from None`: the errors of requests name the whole URL and hold the request with its Authorization.
        try:
            # Where a connection has to be made first, the call would arrive long after its turn, among later ones.
            seconds = min(self._total_timeout, self._total_timeout if call.timeout is None else call.timeout)
            with give_up_after(seconds, connected=lambda: self._pace(call)):
                answer = self._request(base, call)
        except Unreachable as error:
            self._bases.record_unreachable(base)
            raise NotSent(f"no connection to {host_of(base)}: {error}") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            self._bases.record_fault(base)
            raise NoAnswer(f"no answer from {host_of(base)}: {_why(error)}") from None
        self._judge(base, answer.status)
        self._heard(answer)
        return answer

    def _request(self, base: str, call: Call) -> HttpResponse:
        request = self._session.prepare_request(requests.Request(call.method, base + call.path, json=call.json))
        with self._session.send(request, stream=True, timeout=self._timeouts, allow_redirects=False) as response:
            return HttpResponse(response.status_code, _body(response), dict(response.headers))

    def _judge(self, base: str, status: int) -> None:
        # A redirect is no answer of Agora's either: something in between speaks for it.
        if status >= 500 or 300 <= status < 400:
            self._bases.record_fault(base)
        else:
            self._bases.record_answer(base)


def _session(customer_id: str, customer_secret: str, *, hosts: int) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.auth = HTTPBasicAuth(customer_id.encode(), customer_secret.encode())
    # Answers are small; as they are, their size can be bounded.
    session.headers.update(
        {"Accept": "application/json", "Content-Type": "application/json", "Accept-Encoding": "identity"}
    )
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = CarefulAdapter(hosts=hosts, connections=THREADS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _body(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise requests.RequestException("too long")
    return bytes(body)


def _why(error: Exception) -> str:
    inner = error.args[0] if error.args else None
    if isinstance(error, (requests.Timeout, TimeoutError)) or isinstance(inner, (ReadTimeoutError, TimeoutError)):
        return "timed out"
    return "the connection broke"
