"""Objects in a dictionary: enough of S3 for uploads and downloads inside one process."""

from __future__ import annotations

from simulator.bucket.errors import Reply, S3Error
from simulator.bucket.request import S3Request


class MemoryStore:
    """The objects of one bucket."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def serve(self, request: S3Request) -> Reply:
        """S3's reply to a request for one object."""
        if request.operation == "put":
            self.put(request.key, request.body)
            return Reply(200)
        if request.operation not in ("get", "head", "delete"):
            raise S3Error("NotImplemented")
        if request.operation == "delete":
            self._objects.pop(request.key, None)
            return Reply(204)
        if request.key not in self._objects:
            raise S3Error("NoSuchKey")
        content = self._objects[request.key] if request.operation == "get" else b""
        return Reply(200, content, content_type="binary/octet-stream")

    def keys(self, prefix: str) -> list[str]:
        """The keys with that prefix, in order."""
        return sorted(key for key in self._objects if key.startswith(prefix))

    def get(self, key: str) -> bytes:
        """The content of an object; LookupError if there is none."""
        return self._objects[key]

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""
        self._objects[key] = content

    def delete(self, key: str) -> None:
        """Remove an object; LookupError if there is none."""
        del self._objects[key]

    def close(self) -> None:
        """Remove every object."""
        self._objects.clear()

    empty = close
