"""The simulated bucket: S3 over HTTP on 127.0.0.1, with signatures that are really checked."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

from simulator.bucket import signing
from simulator.bucket.access import Gate, Refusal
from simulator.bucket.errors import Reply, S3Error, error_reply
from simulator.bucket.request import Asking
from simulator.listener import Listener

if TYPE_CHECKING:
    from simulator.bucket.store import Store

ACCESS_KEY = "simulated-bucket-key"
SECRET_KEY = "simulated-bucket-secret-a1b2c3d4"  # noqa: S105 - a test value, accepted by nobody else
_POLL = 0.05
T = TypeVar("T")


@dataclass
class Asked:
    """One request as the bucket saw it."""

    number: int
    at: float
    """Unix time."""
    method: str
    bucket: str
    key: str
    operation: str
    """`list`, `get`, `head`, `put`, `delete`, `head_bucket`, `create_bucket`, `delete_bucket`, `other`."""
    access_key: str | None = None
    """Whose signature it bore; None where it was refused before that was known."""
    status: int | None = None
    """What was answered; None where nothing was."""
    code: str | None = None
    """S3's name of the error."""


class BucketSimulator:
    """Start it, and point whoever reads or writes files at `settings`.

    bucket: its name (a new one by default: moto keeps one namespace for the whole process). now: Unix time,
    by which signatures are too old.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        bucket: str | None = None,
        access_key: str = ACCESS_KEY,
        secret_key: str = SECRET_KEY,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.bucket = bucket or f"simulated-recordings-{secrets.token_hex(4)}"
        self._port = port
        self._first = (access_key, secret_key)
        self.now = now
        self._changed = threading.Condition()
        self._gate = Gate(self.bucket, {access_key: secret_key})
        self._asked: list[Asked] = []
        self._listener: Listener | None = None
        self._store: Store | None = None

    # Life

    def start(self) -> Self:
        """Make the bucket and serve it."""
        from simulator.bucket.store import Store

        self._store = Store(self.bucket)
        self._listener = Listener(self._port, self._handle)
        self._listener.up()
        return self

    def stop(self) -> None:
        """Let what hangs go, close the port, and forget the files."""
        with self._changed:
            self._gate.clear()
        self._running.close()
        self._files.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _running(self) -> Listener:
        if self._listener is None:
            raise RuntimeError("the bucket has not been started")
        return self._listener

    @property
    def _files(self) -> Store:
        if self._store is None:
            raise RuntimeError("the bucket has not been started")
        return self._store

    # Addresses

    @property
    def url(self) -> str:
        """Where S3 is."""
        return self._running.url

    @property
    def endpoint(self) -> str:
        """Host and port, as Agora's `extensionParams.endpoint` has them."""
        return urlsplit(self.url).netloc

    @property
    def settings(self) -> dict[str, str]:
        """What a bot needs to keep its files here, in the names of its settings."""
        access_key, secret_key = self._first
        return {
            "STORAGE_VENDOR": "s3",
            "STORAGE_ENDPOINT": self.url,
            "STORAGE_BUCKET": self.bucket,
            "STORAGE_ACCESS_KEY": access_key,
            "STORAGE_SECRET_KEY": secret_key,
        }

    # Files

    def keys(self, prefix: str = "") -> list[str]:
        """The keys that begin so, in order."""
        return self._files.keys(prefix)

    def get(self, key: str) -> bytes:
        """What is stored there; LookupError where nothing is."""
        return self._files.get(key)

    def put(self, key: str, content: bytes) -> None:
        """Store something."""
        self._files.put(key, content)
        self._notify()

    def delete(self, key: str) -> None:
        """Remove it; LookupError where it is not there."""
        self._files.delete(key)
        self._notify()

    # Faults

    def refuse(self, code: str, *, times: int | None = None, method: str | None = None) -> None:
        """Answer the next requests (all; as many; only GET, PUT, …) with that error, whoever asks."""
        with self._changed:
            self._gate.refusals.append(Refusal(code, times, method))

    def deny(self, action: str, *, access_key: str | None = None) -> None:
        """AccessDenied for `list`, `get`, `put` or `delete`: for everybody, or for one access key."""
        with self._changed:
            self._gate.deny(action, access_key)

    def hang(self) -> None:
        """Take requests and answer none; `clear` closes their connections."""
        with self._changed:
            self._gate.hanging = self._gate.hanging or threading.Event()

    def down(self) -> None:
        """Cut every connection and refuse new ones."""
        self._running.down()

    def up(self) -> None:
        """Take connections again."""
        self._running.up()

    def accept(self, access_key: str, secret_key: str) -> None:
        """One more key, or another secret of a known one."""
        with self._changed:
            self._gate.keys[access_key] = secret_key

    def revoke(self, access_key: str) -> None:
        """That key is no longer known, nor are the links that it signed."""
        with self._changed:
            del self._gate.keys[access_key]

    def clear(self) -> None:
        """End every fault: nothing is refused, denied, hanging or down (revoked keys stay revoked)."""
        with self._changed:
            self._gate.clear()
        self.up()

    def reset(self) -> None:
        """As at the start: no faults, no files, no requests, the first key alone."""
        self.clear()
        self._files.empty()
        with self._changed:
            self._asked.clear()
            self._gate.keys = dict([self._first])

    # Looking

    def requests(self, operation: str | None = None, *, key: str | None = None) -> list[Asked]:
        """Every request so far that fits, the oldest first."""
        with self._changed:
            fitting = (each for each in self._asked if operation in (None, each.operation))
            return [replace(each) for each in fitting if key in (None, each.key)]

    def link_problem(self, link: str, *, method: str = "GET", after: float = 0.0) -> str | None:
        """What S3 would have against a signed link after so many seconds (`AccessDenied: Request has expired`)."""
        parts = urlsplit(link)
        asking = Asking(method, f"{parts.path}?{parts.query}", {"host": parts.netloc})
        with self._changed:
            try:
                signing.verify(asking, self._gate.keys, self.now() + after)
            except S3Error as error:
                return f"{error.code}: {error.message}"
        return None

    def wait_for(self, predicate: Callable[[Self], T], timeout: float = 5.0) -> T:
        """What the predicate answers as soon as it is true (a LookupError is not yet); else TimeoutError."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            try:
                found = predicate(self)
            except LookupError:
                found = None
            if found:
                return found
            with self._changed:
                self._changed.wait(min(left, _POLL))
        raise TimeoutError(f"not within {timeout} s")

    # Serving

    def _handle(self, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Reply | None:
        asking = Asking(method, target, headers, content)
        with self._changed:
            asked = Asked(len(self._asked) + 1, self.now(), method, asking.bucket, asking.key, asking.operation)
            self._asked.append(asked)
            hanging = self._gate.hanging
        if hanging is not None:
            hanging.wait()
            return None
        reply = self._answer(asking, asked)
        with self._changed:
            asked.status, asked.code = reply.status, reply.code
            self._changed.notify_all()
        return reply

    def _answer(self, asking: Asking, asked: Asked) -> Reply:
        try:
            with self._changed:
                asked.access_key = self._gate.admit(asking, self.now())
                may_list = not self._gate.denied("list", asked.access_key)
            reply = self._files.serve(asking)
            if reply.status == 404 and not may_list:
                raise S3Error("AccessDenied")  # S3 tells nobody what is missing who may not see what there is
        except S3Error as error:
            return error_reply(error, asking.path)
        return reply

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()
