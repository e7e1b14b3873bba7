"""A request to S3, taken apart: path-style addresses only."""

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
class Asking:
    """One HTTP request."""

    method: str
    target: str
    """Path and query as they came."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """The path, decoded; in it S3 takes a `+` for a space."""
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
        """The bucket that it names, or nothing."""
        return self.path.lstrip("/").partition("/")[0]

    @property
    def key(self) -> str:
        """The key that it names, or nothing."""
        return self.path.lstrip("/").partition("/")[2]

    @property
    def operation(self) -> str:
        """`list`, `get`, `head`, `put`, `delete`, `head_bucket`, `create_bucket`, `delete_bucket`, `other`."""
        if not self.bucket:
            return "other"
        return (_OBJECT if self.key else _BUCKET).get(self.method, "other")

    @property
    def action(self) -> str | None:
        """What has to be allowed for it: one of ACTIONS; None: nobody may."""
        return _ACTIONS.get(self.operation)

    def quoted_path(self) -> str:
        """The path as signatures have it: every byte but the unreserved ones encoded, once."""
        return quote(self.path, safe="/-_.~")
