"""A bucket in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from recordings.errors import BucketError, ObjectMissing
from recordings.model.playlists import StoredFile
from tests.fakes.rows import NOW


class FakeBucket:
    """Objects by key; `error` is raised instead, where there is one, or what `errors` has for the call."""

    name = "bucket"

    def __init__(self, error: BucketError | None = None) -> None:
        self.error = error
        self.errors: dict[str, BucketError] = {}
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.listed: list[str] = []

    def has(self, key: str, content: str | bytes = b"", at: datetime = NOW) -> None:
        self.objects[key] = (content.encode() if isinstance(content, str) else content, at)

    def list(self, prefix: str) -> Sequence[StoredFile]:
        self._ask("list")
        self.listed.append(prefix)
        found = sorted(self.objects.items())
        return [StoredFile(key, len(content), at) for key, (content, at) in found if key.startswith(prefix)]

    def text(self, key: str) -> str:
        self._ask("text")
        if key not in self.objects:
            raise ObjectMissing("NoSuchKey")
        return self.objects[key][0].decode()

    def put(self, key: str, content: bytes) -> None:
        self._ask("put")
        self.has(key, content)

    def delete(self, key: str) -> None:
        self._ask("delete")
        self.objects.pop(key, None)

    def link(self, key: str, seconds: float) -> str:
        self._ask("link")
        return f"https://bucket.example/{key}?expires={seconds:g}"

    def _ask(self, call: str) -> None:
        error = self.errors.get(call, self.error)
        if error is not None:
            raise error
