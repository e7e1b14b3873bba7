"""A parsed request to S3; path-style addresses only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, quote, unquote_plus

_BUCKET = {"GET": "list", "HEAD": "head_bucket", "PUT": "create_bucket", "POST": "delete", "DELETE": "delete_bucket"}
_OBJECT = {"GET": "get", "HEAD": "head", "PUT": "put", "POST": "put", "DELETE": "delete"}
_ACTIONS = {"list": "list", "head_bucket": "list", "get": "get", "head": "get", "put": "put", "delete": "delete"}
ACTIONS = ("list", "get", "put", "delete")


@dataclass(frozen=True)
class S3Request:
    """One HTTP request."""

    method: str
    target: str
    """Path and query as sent."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """The decoded path; S3 reads a `+` in it as a space."""
        return unquote_plus(self.target.partition("?")[0])

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query's names and values, decoded."""
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    @cached_property
    def params(self) -> Mapping[str, str]:
        """The query by name."""
        return dict(self.query)

    @property
    def bucket(self) -> str:
        """The name of the bucket, or an empty string."""
        return self.path.lstrip("/").partition("/")[0]

    @property
    def key(self) -> str:
        """The key, or an empty string."""
        return self.path.lstrip("/").partition("/")[2]

    @property
    def operation(self) -> str:
        """`list`, `get`, `head`, `put`, `delete`, `head_bucket`, `create_bucket`, `delete_bucket`, `other`."""
        if not self.bucket:
            return "other"
        return (_OBJECT if self.key else _BUCKET).get(self.method, "other")

    @property
    def action(self) -> str | None:
        """The permission that it needs: one of ACTIONS; None: it is always denied."""
        return _ACTIONS.get(self.operation)

    def quoted_path(self) -> str:
        """The path as in signatures: every byte encoded once, except unreserved ones."""
        return quote(self.path, safe="/-_.~")
