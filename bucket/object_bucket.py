"""What the bot asks of a bucket: one request a call (a listing: one a page), no waiting between tries."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import NoReturn

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore

from bucket.errors import bucket_error
from bucket.links import check_lifetime, signed_link
from bucket.locations import REQUEST_SECONDS, BucketLocation, open_store
from recordings.errors import BucketDenied, BucketError, BucketUnreachable, ObjectMissing
from recordings.model.playlists import StoredFile
from recordings.ports import Clock

LARGEST_TEXT = 5_000_000
LISTING_SECONDS = 30.0
"""A page more is not asked for after this."""

# Lazily: the next page is fetched only when the objects of this one are used up, and pages have 100 to 5,000.
_CHUNK = 100


class ObjectBucket:
    """A bucket of any vendor; the port `Bucket`. Threads may share it."""

    def __init__(self, place: BucketLocation, clock: Clock, *, seconds: float = REQUEST_SECONDS) -> None:
        """`seconds`: the time that one request may take. `ValueError` where the storage's settings can't be right."""
        self._place = place
        self._clock = clock
        self._store = open_store(place, seconds)

    @property
    def name(self) -> str:
        return self._place.bucket

    def list(self, prefix: str) -> Sequence[StoredFile]:
        with self._asking(about_an_object=False):
            return sorted(self._matching(prefix), key=lambda file: file.key)

    def text(self, key: str) -> str:
        with self._asking():
            found = obstore.get(self._store, _readable(key))
            if found.meta["size"] > LARGEST_TEXT:
                raise BucketError("TooLarge", f"{found.meta['size']} bytes; a text has at most {LARGEST_TEXT}")
            return bytes(found.bytes()).decode("utf-8", "replace")

    def put(self, key: str, content: bytes) -> None:
        with self._asking():
            obstore.put(self._store, _readable(key), content, use_multipart=False)

    def delete(self, key: str) -> None:
        try:
            with self._asking():
                obstore.delete(self._store, _readable(key))
        except ObjectMissing:
            return  # S3 does not tell, Azure does.

    def link(self, key: str, seconds: float) -> str:
        check_lifetime(seconds)
        # Without a key it would list the bucket, and browsers take `..` out of a URL.
        _readable(key)
        if isinstance(self._store, AzureStore):
            with self._asking():
                return obstore.sign(self._store, "GET", key, timedelta(seconds=int(seconds)))
        return signed_link(self._place, key, seconds, self._clock.now())

    def _matching(self, prefix: str) -> Iterator[StoredFile]:
        """obstore lists folders only: the folder from just before the prefix on, until the keys are past it.

        Every vendor lists keys in their order as UTF-8, which is that of Python's strings (AmazonS3/latest/API/
        API_ListObjectsV2).
        """
        folder = prefix.rpartition("/")[0]
        if "/" in prefix:
            _readable(folder)
        until = time.monotonic() + LISTING_SECONDS
        for chunk in obstore.list(self._store, folder or None, offset=self._just_before(prefix), chunk_size=_CHUNK):
            for found in chunk:
                if found["path"].startswith(prefix):
                    yield StoredFile(found["path"], found["size"], found["last_modified"])
                elif found["path"] > prefix:
                    return
            if time.monotonic() > until:
                raise BucketUnreachable("NoAnswer", f"a listing that takes more than {LISTING_SECONDS:.0f} s")

    def _just_before(self, prefix: str) -> str | None:
        # Azure takes it with a version of its interface only that obstore does not speak.
        before = prefix[:-1]
        return before if not isinstance(self._store, AzureStore) and _is_readable(before.removesuffix("/")) else None

    @contextmanager
    def _asking(self, *, about_an_object: bool = True) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            hide = (self._place.secret_key, self._place.access_key)
            # Without the cause: its text quotes URLs and the whole answer.
            raise bucket_error(error, about_an_object=about_an_object, hide=hide) from None


def _readable(key: str) -> str:
    """obstore takes off a slash at either end, which names another object, and knows no other of these keys."""
    if not _is_readable(key):
        raise BucketError("InvalidKey", "a key with an empty folder, `.`, `..` or a control character in it")
    return key


def _is_readable(key: str) -> bool:
    control = any(ord(letter) < 32 or ord(letter) == 127 for letter in key)
    return not control and not {"", ".", ".."} & set(key.split("/"))


class UnusableBucket:
    """The port `Bucket`; every call raises `BucketDenied` with the reason."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def list(self, prefix: str) -> Sequence[StoredFile]:
        del prefix
        self._refuse()

    def text(self, key: str) -> str:
        del key
        self._refuse()

    def put(self, key: str, content: bytes) -> None:
        del key, content
        self._refuse()

    def delete(self, key: str) -> None:
        del key
        self._refuse()

    def link(self, key: str, seconds: float) -> str:
        del key, seconds
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise BucketDenied("UnusableSettings", self._reason)
