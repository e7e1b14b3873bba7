"""The simulated bucket: objects, keys that are really checked, and faults; without sockets and threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Protocol, Self, TypeVar
from urllib.parse import urlsplit

from simulator.bucket import signing
from simulator.bucket.access import Access, Refusal
from simulator.bucket.errors import Reply, S3Error, error_reply
from simulator.bucket.memory_store import MemoryStore
from simulator.bucket.options import BucketOptions
from simulator.bucket.request import S3Request
from simulator.changes import Change, Changes
from simulator.clock import Clock, SystemClock

T = TypeVar("T")


class Store(Protocol):
    """Where the objects are."""

    def serve(self, request: S3Request) -> Reply: ...
    def keys(self, prefix: str) -> list[str]: ...
    def get(self, key: str) -> bytes: ...
    def put(self, key: str, content: bytes) -> None: ...
    def delete(self, key: str) -> None: ...
    def empty(self) -> None: ...
    def close(self) -> None: ...


@dataclass
class LoggedRequest:
    """One request to the bucket."""

    number: int
    at: float
    """Unix time."""
    method: str
    bucket: str
    key: str
    operation: str
    """`list`, `get`, `head`, `put`, `delete`, `head_bucket`, `create_bucket`, `delete_bucket`, `other`."""
    access_key: str | None = None
    """The key that signed it; None if it was refused before that was known."""
    status: int | None = None
    """HTTP status of the answer; None without an answer."""
    code: str | None = None
    """S3's name of the error."""


class BucketSimulator:
    """State and controls; `BucketServer` serves it on the network, the uploader of AgoraSimulator calls `handle`.

    The clock decides when signatures expire.
    """

    def __init__(self, options: BucketOptions | None = None, *, clock: Clock | None = None) -> None:
        self.options = options or BucketOptions()
        self.bucket = self.options.name
        self.clock = clock or SystemClock()
        self.changes = Changes()
        self.url = "http://bucket.invalid"
        """Where S3 is; a server replaces it by a real address."""
        self._access = Access(self.bucket, self._first_key)
        self._requests: list[LoggedRequest] = []
        self._store: Store | None = None
        self._is_down = False

    @property
    def _first_key(self) -> dict[str, str]:
        return {self.options.access_key: self.options.secret_key}

    @property
    def endpoint(self) -> str:
        """Host and port, as in Agora's `extensionParams.endpoint`."""
        return urlsplit(self.url).netloc

    @property
    def settings(self) -> dict[str, str]:
        """The settings with which a bot keeps its files here."""
        return {
            "STORAGE_VENDOR": "s3",
            "STORAGE_ENDPOINT": self.url,
            "STORAGE_BUCKET": self.bucket,
            "STORAGE_ACCESS_KEY": self.options.access_key,
            "STORAGE_SECRET_KEY": self.options.secret_key,
        }

    def open(self) -> None:
        """Make the store, if the first object has not made it."""
        if self._store is None:
            self._store = self._new_store()

    def _new_store(self) -> Store:
        if self.options.store == "memory":
            return MemoryStore(self.clock.wall)
        from simulator.bucket.s3_store import S3Store  # slow to import, and most tests have no bucket

        return S3Store(self.bucket)

    def close(self) -> None:
        """End requests that hang, and forget the objects."""
        with self._changing("fault"):
            self._access.clear()
        if self._store is not None:
            self._store.close()
            self._store = None

    @property
    def _objects(self) -> Store:
        self.open()
        assert self._store is not None  # noqa: S101 - just opened
        return self._store

    # Objects

    def keys(self, prefix: str = "") -> list[str]:
        """The keys with that prefix, in order."""
        return self._objects.keys(prefix)

    def get(self, key: str) -> bytes:
        """The content of an object; LookupError if there is none."""
        return self._objects.get(key)

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""
        self._objects.put(key, content)
        self.changes.announce("object", key)

    def delete(self, key: str) -> None:
        """Remove an object; LookupError if there is none."""
        self._objects.delete(key)
        self.changes.announce("object", key)

    # Faults

    def refuse(self, code: str, *, times: int | None = None, method: str | None = None) -> None:
        """Answer the next requests (all, or that many; any method, or one) with that error, whatever key they have."""
        with self._changing("fault"):
            self._access.refusals.append(Refusal(code, times, method))

    def deny(self, action: str, *, access_key: str | None = None) -> None:
        """AccessDenied for `list`, `get`, `put` or `delete`: for everybody, or for one access key."""
        with self._changing("fault"):
            self._access.deny(action, access_key)

    def hang(self) -> None:
        """Accept requests and answer none; `clear` closes their connections."""
        with self._changing("fault"):
            self._access.hanging = True

    def down(self) -> None:
        """Cut every connection and refuse new ones."""
        with self._changing("reachability"):
            self._is_down = True

    def up(self) -> None:
        """Accept connections again."""
        with self._changing("reachability"):
            self._is_down = False

    @property
    def is_up(self) -> bool:
        """Whether it accepts connections."""
        return not self._is_down

    def accept(self, access_key: str, secret_key: str) -> None:
        """Add a key, or give a known one another secret."""
        with self._changing("key"):
            self._access.keys[access_key] = secret_key

    def revoke(self, access_key: str) -> None:
        """Remove a key; the links that it signed become invalid too."""
        with self._changing("key"):
            del self._access.keys[access_key]

    def clear(self) -> None:
        """End every fault: nothing is refused, denied, hanging or down (revoked keys stay revoked)."""
        with self._changing("fault"):
            self._access.clear()
        self.up()

    def reset(self) -> None:
        """As at the start: no faults, no objects, no requests, the first key alone."""
        self.clear()
        self._objects.empty()
        with self._changing("reset"):
            self._requests.clear()
            self._access.keys = self._first_key

    @contextmanager
    def _changing(self, kind: str) -> Iterator[None]:
        with self.changes:
            yield
            self.changes.announce(kind)

    # Queries

    def requests(self, operation: str | None = None, *, key: str | None = None) -> list[LoggedRequest]:
        """Every request so far that matches, the oldest first."""
        with self.changes:
            matching = (each for each in self._requests if operation in (None, each.operation))
            return [replace(each) for each in matching if key in (None, each.key)]

    def link_problem(self, link: str, *, method: str = "GET", after: float = 0.0) -> str | None:
        """S3's error for a signed link, that many seconds later (`AccessDenied: Request has expired`), or None."""
        parts = urlsplit(link)
        request = S3Request(method, f"{parts.path}?{parts.query}", {"host": parts.netloc})
        with self.changes:
            try:
                signing.verify(request, self._access.keys, self.clock.wall() + after)
            except S3Error as error:
                return f"{error.code}: {error.message}"
        return None

    def subscribe(self, observer: Callable[[Change], None]) -> Callable[[], None]:
        """Call the observer with each change; the result ends that."""
        return self.changes.subscribe(observer)

    def wait_for(self, predicate: Callable[[Self], T], timeout: float = 5.0, what: str = "") -> T:
        """Wait, in real time, until the predicate is true (a LookupError means: not yet); else TimeoutError."""

        def value() -> T | None:
            with suppress(LookupError):
                return predicate(self)
            return None

        result = self.changes.wait_for(value, timeout, what)
        assert result is not None  # noqa: S101 - wait_for returns true values only
        return result

    # Requests

    def handle(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: bytes,
        *,
        patience: float | None = None,
    ) -> Reply | None:
        """Answer one request (header names in lower case); None: the connection is closed without an answer.

        patience: seconds after which the caller gives up a request that hangs (None: never).
        ConnectionRefusedError if the bucket is down.
        """
        if self._is_down:
            raise ConnectionRefusedError("the bucket is down")
        request = S3Request(method, target, headers, content)
        logged = self._log(request)
        if self._access.hanging:
            self.clock.sleep(patience, lambda: not self._access.hanging, self.changes.condition)
            return None
        reply = self._answer(request, logged)
        with self._changing("request"):
            logged.status, logged.code = reply.status, reply.code
        return reply

    def _log(self, request: S3Request) -> LoggedRequest:
        with self._changing("request"):
            at, number = self.clock.wall(), len(self._requests) + 1
            logged = LoggedRequest(number, at, request.method, request.bucket, request.key, request.operation)
            self._requests.append(logged)
            return logged

    def _answer(self, request: S3Request, logged: LoggedRequest) -> Reply:
        try:
            with self.changes:
                logged.access_key = self._access.admit(request, self.clock.wall())
                may_list = not self._access.denied("list", logged.access_key)
            reply = self._objects.serve(request)
            if reply.status == 404 and not may_list:
                raise S3Error("AccessDenied")  # S3 does not reveal what is missing to a key that may not list
        except S3Error as error:
            return error_reply(error, request.path)
        return reply
