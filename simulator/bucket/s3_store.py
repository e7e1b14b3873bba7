"""One bucket of moto's S3. Slow to import: import it only when a bucket needs it."""

from __future__ import annotations

import re
import secrets
import threading
from urllib.parse import quote, urlencode

from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import FakeKey, S3Backend, s3_backends

from simulator.bucket.errors import Reply
from simulator.bucket.request import S3Request

_OWN = ("host", "authorization", "content-length", "connection")
_REGION = "us-east-1"
_CODE = re.compile(rb"<Code>(\w+)</Code>")


class S3Store:
    """The objects of one bucket."""

    def __init__(self, bucket: str) -> None:
        # moto keeps everything per account, for the whole process.
        account = str(secrets.randbelow(9 * 10**11) + 10**11)
        self._bucket = bucket
        self._lock = threading.Lock()
        self._backend: S3Backend = s3_backends[account]["aws"]
        if bucket in s3_backends.bucket_accounts:
            raise ValueError(f"there is a bucket {bucket!r} in this process already")
        self._backend.create_bucket(bucket, _REGION)
        self._client = create_backend_app("s3").test_client()
        # moto shows private objects to signed requests only; the access check has passed before.
        scope = f"20260101/{_REGION}/s3/aws4_request"
        self._signed_in = {
            "x-moto-account-id": account,
            "authorization": f"AWS4-HMAC-SHA256 Credential=any/{scope}, SignedHeaders=host, Signature=any",
        }

    def serve(self, request: S3Request) -> Reply:
        """S3's reply."""
        headers = {name: value for name, value in request.headers.items() if name not in _OWN}
        query = urlencode([pair for pair in request.query if not pair[0].startswith("X-Amz-")], quote_via=quote)
        with self._lock:
            answer = self._client.open(
                f"{request.quoted_path()}?{query}",
                method=request.method,
                headers={**headers, **self._signed_in},
                data=request.body,
            )
        headers = {name.title(): value for name, value in answer.headers.items()}
        # moto allows requests of every web page; S3 does not unless the bucket is set up for that.
        kept = {name: value for name, value in headers.items() if not name.startswith(("Content-Type", "Access-"))}
        code = _CODE.search(answer.data) if answer.status_code >= 400 else None
        return Reply(
            answer.status_code,
            answer.data,
            kept,
            answer.headers.get("content-type", "binary/octet-stream"),
            code[1].decode() if code else None,
        )

    def keys(self, prefix: str) -> list[str]:
        """The keys with that prefix, in order."""
        with self._lock:
            return sorted(key for key in self._backend.buckets[self._bucket].keys if key.startswith(prefix))

    def get(self, key: str) -> bytes:
        """The content of an object; LookupError if there is none."""
        with self._lock:
            return bytes(self._object(key).value)

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""
        with self._lock:
            self._backend.put_object(self._bucket, key, content)

    def delete(self, key: str) -> None:
        """Remove an object; LookupError if there is none."""
        with self._lock:
            self._object(key)
            self._backend.delete_object(self._bucket, key)

    def empty(self) -> None:
        """Remove every object."""
        for key in self.keys(""):
            self.delete(key)

    def close(self) -> None:
        """Remove the objects and the bucket: moto keeps both for the whole process."""
        self.empty()
        with self._lock:
            self._backend.delete_bucket(self._bucket)

    def _object(self, key: str) -> FakeKey:
        found = self._backend.get_object(self._bucket, key)
        if found is None:
            raise LookupError(f"no object {key!r}")
        return found
