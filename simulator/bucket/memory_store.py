"""Objects in a dictionary: enough of S3 for uploads, downloads, lists and deletions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, unescape

from simulator.bucket.errors import Reply, S3Error
from simulator.bucket.request import S3Request

_PAGE = 1000
"""The most keys in one answer."""
_KEY = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)


@dataclass(frozen=True)
class _Object:
    content: bytes
    modified: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Length": str(len(self.content)),
            "ETag": self.etag,
            "Last-Modified": format_datetime(self.modified, usegmt=True),
        }

    def entry(self, key: str) -> str:
        """The object in a list."""
        at = self.modified.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        facts = {"Key": key, "LastModified": at, "ETag": self.etag, "Size": len(self.content)}
        return f"<Contents>{_xml(facts)}</Contents>"


class MemoryStore:
    """The objects of one bucket."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._objects: dict[str, _Object] = {}

    def serve(self, request: S3Request) -> Reply:
        """S3's reply."""
        match request.operation:
            case "put":
                self.put(request.key, request.body)
                return Reply(200, headers={"ETag": self._objects[request.key].etag})
            case "delete":
                return self._delete(request)
            case "get" | "head":
                return self._object(request)
            case "list" if "delimiter" not in request.params:
                return self._list(request)
        raise S3Error("NotImplemented")

    def _object(self, request: S3Request) -> Reply:
        if request.key not in self._objects:
            raise S3Error("NoSuchKey")
        found = self._objects[request.key]
        content = found.content if request.operation == "get" else b""
        content_type = request.params.get("response-content-type", "binary/octet-stream")
        return Reply(200, content, found.headers, content_type)

    def _delete(self, request: S3Request) -> Reply:
        """Of one object, or DeleteObjects."""
        many = [unescape(key) for key in _KEY.findall(request.body.decode("utf-8", "replace"))]
        for key in [request.key] if request.key else many:
            self._objects.pop(key, None)
        if request.key:
            return Reply(204)
        deleted = "".join(f"<Deleted>{_xml({'Key': key})}</Deleted>" for key in many)
        return Reply(200, f'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult>{deleted}</DeleteResult>'.encode())

    def _list(self, request: S3Request) -> Reply:
        """One page of ListObjectsV2."""
        params = request.params
        after = params.get("continuation-token") or params.get("start-after", "")
        size = min(int(params.get("max-keys", _PAGE)), _PAGE)
        keys = [key for key in self.keys(params.get("prefix", "")) if key > after]
        page, has_more = keys[:size], len(keys) > size
        facts = {
            "Name": request.bucket,
            "Prefix": params.get("prefix", ""),
            "KeyCount": len(page),
            "MaxKeys": size,
            "IsTruncated": str(has_more).lower(),
            **({"NextContinuationToken": page[-1]} if has_more else {}),
        }
        contents = "".join(self._objects[key].entry(key) for key in page)
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult>{_xml(facts)}{contents}</ListBucketResult>'
        return Reply(200, body.encode())

    def keys(self, prefix: str) -> list[str]:
        """The keys with that prefix, in order."""
        return [key for key in sorted(self._objects) if key.startswith(prefix)]

    def get(self, key: str) -> bytes:
        """The content of an object; LookupError if there is none."""
        return self._objects[key].content

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""
        self._objects[key] = _Object(content, datetime.fromtimestamp(self._now(), UTC))

    def delete(self, key: str) -> None:
        """Remove an object; LookupError if there is none."""
        del self._objects[key]

    def close(self) -> None:
        """Remove every object."""
        self._objects.clear()

    empty = close


def _xml(facts: dict[str, object]) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in facts.items())
