"""Which of Agora's REST bases the next request goes to (doc page best-practices: dual domain names)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

log = logging.getLogger(__name__)

FAULTS_IN_A_ROW = 2
"""So many requests without a usable answer, and a base is left for the next."""


@dataclass(slots=True)
class _Base:
    url: str
    faults: int = 0
    left_until: float | None = None


class EndpointPool:
    """Bases in order of preference. Thread safe.

    A base that is left is tried again after `return_after` seconds, by one request: the others wait for what comes of
    it. Where all of them are left, the one that was left first is used.
    """

    def __init__(
        self, urls: Sequence[str], *, return_after: float = 60.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`ValueError` where there is no base, or one that is no http(s) URL, or one that holds credentials."""
        if not urls:
            raise ValueError("at least one base URL of Agora's REST API is needed")
        self._bases = [_Base(_checked(url)) for url in urls]
        self._return_after = return_after
        self._monotonic = monotonic
        self._lock = threading.Lock()

    def pick(self) -> str:
        """The base for the next request, without a slash at its end."""
        with self._lock:
            now = self._monotonic()
            base = next((one for one in self._bases if _is_due(one, now)), None)
            if base is None:
                return min(self._bases, key=lambda one: one.left_until or 0.0).url
            if base.left_until is not None:
                base.left_until = now + self._return_after
            return base.url

    def answered(self, url: str) -> None:
        """A usable answer came from this base."""
        with self._lock:
            base = self._find(url)
            if base.left_until is not None:
                log.info("agora_base_back host=%s", host_of(url))
            base.faults, base.left_until = 0, None

    def faulted(self, url: str) -> None:
        """No answer came from this base, or a 5xx."""
        with self._lock:
            base = self._find(url)
            base.faults += 1
            if base.faults >= FAULTS_IN_A_ROW:
                self._leave(base)

    def unreachable(self, url: str) -> None:
        """No connection to this base came up."""
        with self._lock:
            self._leave(self._find(url))

    def _leave(self, base: _Base) -> None:
        if base.left_until is None:
            log.warning("agora_base_left host=%s", host_of(base.url))
        base.left_until = self._monotonic() + self._return_after

    def _find(self, url: str) -> _Base:
        return next(base for base in self._bases if base.url == url)


def host_of(url: str) -> str:
    """The host (and port) of a base, for logs and errors."""
    return urlsplit(url).netloc


def _is_due(base: _Base, now: float) -> bool:
    return base.left_until is None or base.left_until <= now


def _checked(url: str) -> str:
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
