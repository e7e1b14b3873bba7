"""Failover between the endpoints of Agora's REST API (doc page best-practices: dual domain names)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

log = logging.getLogger(__name__)

FAULTS_IN_A_ROW = 2
"""Consecutive requests without a usable answer before the pool changes to the next endpoint."""


@dataclass(slots=True)
class _Endpoint:
    url: str
    faults: int = 0
    avoided_until: float | None = None


class EndpointPool:
    """Endpoints in order of preference. Thread safe.

    An endpoint that failed is avoided for `return_after` seconds. Then one request tries it, and the others go
    elsewhere until that request succeeds. If every endpoint is avoided, the pool picks the one that failed first.
    """

    def __init__(
        self, urls: Sequence[str], *, return_after: float = 60.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises `ValueError` for an empty list, for a URL that is not http(s), and for one with credentials."""
        if not urls:
            raise ValueError("at least one base URL of Agora's REST API is needed")
        self._endpoints = [_Endpoint(_normalized(url)) for url in urls]
        self._return_after = return_after
        self._monotonic = monotonic
        self._lock = threading.Lock()

    def pick(self) -> str:
        """The URL for the next request, without a slash at its end."""
        with self._lock:
            now = self._monotonic()
            endpoint = next((candidate for candidate in self._endpoints if _is_usable(candidate, now)), None)
            if endpoint is None:
                return min(self._endpoints, key=lambda candidate: candidate.avoided_until or 0.0).url
            if endpoint.avoided_until is not None:
                endpoint.avoided_until = now + self._return_after
            return endpoint.url

    def record_answer(self, url: str) -> None:
        """A usable answer came from this endpoint."""
        with self._lock:
            endpoint = self._find(url)
            if endpoint.avoided_until is not None:
                log.info("agora_endpoint_back host=%s", host_of(url))
            endpoint.faults, endpoint.avoided_until = 0, None

    def record_fault(self, url: str) -> None:
        """No answer came from this endpoint, or a 5xx."""
        with self._lock:
            endpoint = self._find(url)
            endpoint.faults += 1
            if endpoint.faults >= FAULTS_IN_A_ROW:
                self._avoid(endpoint)

    def record_unreachable(self, url: str) -> None:
        """This endpoint accepted no connection."""
        with self._lock:
            self._avoid(self._find(url))

    def _avoid(self, endpoint: _Endpoint) -> None:
        if endpoint.avoided_until is None:
            log.warning("agora_endpoint_left host=%s", host_of(endpoint.url))
        endpoint.avoided_until = self._monotonic() + self._return_after

    def _find(self, url: str) -> _Endpoint:
        return next(endpoint for endpoint in self._endpoints if endpoint.url == url)


def host_of(url: str) -> str:
    """The host (and port) of an endpoint, for logs and errors."""
    return urlsplit(url).netloc


def _is_usable(endpoint: _Endpoint, now: float) -> bool:
    return endpoint.avoided_until is None or endpoint.avoided_until <= now


def _normalized(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or not _has_valid_port(parts):
        raise ValueError("a base of Agora's REST API is a URL such as https://api.agora.io")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("a base of Agora's REST API holds no credentials and no query")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _has_valid_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False
