"""A bucket that no request can be made to, since its settings can't be right: the bot records all the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from recordings.errors import BucketDenied
from recordings.ports import StoredFile


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
