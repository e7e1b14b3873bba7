"""Implements the port `Bucket`: one request a call (a listing: one a page), without retries."""

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
from bucket.locations import REQUEST_TIMEOUT, BucketLocation, open_store
from bucket.signed_links import check_lifetime, sign_link
from recordings.errors import BucketDenied, BucketError, BucketUnreachable, ObjectMissing
from recordings.model.playlists import StoredFile
from recordings.ports import Clock

MAX_TEXT_BYTES = 5_000_000
LISTING_TIMEOUT = 30.0
"""In seconds. After this the listing fails instead of requesting another page."""

# obstore requests the next page only when it needs more objects for a chunk. Pages have 100 to 5,000 objects.
_CHUNK_OBJECTS = 100


class ObjectBucket:
    """A bucket of any vendor. Thread safe."""

    def __init__(self, location: BucketLocation, clock: Clock, *, timeout: float = REQUEST_TIMEOUT) -> None:
        """`timeout`: for one request, in seconds. Raises `ValueError` if obstore rejects the settings."""
        self._location = location
        self._clock = clock
        self._store = open_store(location, timeout)

    @property
    def name(self) -> str:
        return self._location.bucket

    def list(self, prefix: str) -> Sequence[StoredFile]:
        with self._translated_errors(concerns_object=False):
            return sorted(self._files(prefix), key=lambda file: file.key)

    def text(self, key: str) -> str:
        with self._translated_errors():
            result = obstore.get(self._store, _checked_key(key))
            if result.meta["size"] > MAX_TEXT_BYTES:
                raise BucketError("TooLarge", f"{result.meta['size']} bytes; a text has at most {MAX_TEXT_BYTES}")
            return bytes(result.bytes()).decode("utf-8", "replace")

    def put(self, key: str, content: bytes) -> None:
        with self._translated_errors():
            obstore.put(self._store, _checked_key(key), content, use_multipart=False)

    def delete(self, key: str) -> None:
        try:
            with self._translated_errors():
                obstore.delete(self._store, _checked_key(key))
        except ObjectMissing:
            return  # Azure reports a missing object, S3 does not.

    def link(self, key: str, seconds: float) -> str:
        check_lifetime(seconds)
        # A link without a key would list the bucket, and browsers resolve `..` in a URL.
        _checked_key(key)
        if isinstance(self._store, AzureStore):
            with self._translated_errors():
                return obstore.sign(self._store, "GET", key, timedelta(seconds=int(seconds)))
        return sign_link(self._location, key, seconds, self._clock.now())

    def _files(self, prefix: str) -> Iterator[StoredFile]:
        """The files with this prefix.

        obstore can list folders only, so this lists a part of one: from just before the prefix to the first key after
        it.

        Every vendor sorts keys by their UTF-8 bytes, which is the order of Python's strings (AmazonS3/latest/API/
        API_ListObjectsV2).
        """
        folder = prefix.rpartition("/")[0]
        if "/" in prefix:
            _checked_key(folder)
        deadline = time.monotonic() + LISTING_TIMEOUT
        for chunk in obstore.list(
            self._store, folder or None, offset=self._just_before(prefix), chunk_size=_CHUNK_OBJECTS
        ):
            for entry in chunk:
                if entry["path"].startswith(prefix):
                    yield StoredFile(entry["path"], entry["size"], entry["last_modified"])
                elif entry["path"] > prefix:
                    return
            if time.monotonic() > deadline:
                raise BucketUnreachable("NoAnswer", f"a listing that takes more than {LISTING_TIMEOUT:.0f} s")

    def _just_before(self, prefix: str) -> str | None:
        if isinstance(self._store, AzureStore):
            return None  # Azure supports an offset only in an API version that obstore does not use.
        before = prefix[:-1]
        return before if _is_addressable(before.removesuffix("/")) else None

    @contextmanager
    def _translated_errors(self, *, concerns_object: bool = True) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            redact = (self._location.secret_key, self._location.access_key)
            # `from None`: the message of the cause quotes URLs and the whole response.
            raise bucket_error(error, concerns_object=concerns_object, redact=redact) from None


def _checked_key(key: str) -> str:
    """Raises `BucketError` for a key that obstore can't address, or would change by stripping slashes at its ends."""
    if not _is_addressable(key):
        raise BucketError("InvalidKey", "a key with an empty folder, `.`, `..` or a control character in it")
    return key


def _is_addressable(key: str) -> bool:
    has_control_characters = any(ord(character) < 32 or ord(character) == 127 for character in key)
    return not has_control_characters and not {"", ".", ".."} & set(key.split("/"))


class MisconfiguredBucket:
    """Stands in for a bucket whose settings can't work: every call raises `BucketDenied` with the reason."""

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
