"""S3's errors, in its own XML."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from xml.sax.saxutils import escape

ERRORS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "AccessDenied": (403, "Access Denied"),
        "AuthorizationHeaderMalformed": (400, "The authorization header is malformed"),
        "AuthorizationQueryParametersError": (400, "The query-string authorization parameters are not valid"),
        "InternalError": (500, "We encountered an internal error. Please try again."),
        "InvalidAccessKeyId": (403, "The AWS Access Key Id you provided does not exist in our records."),
        "InvalidRequest": (400, "Invalid Request"),
        "NoSuchBucket": (404, "The specified bucket does not exist"),
        "NotImplemented": (501, "A header you provided implies functionality that is not implemented"),
        "NoSuchKey": (404, "The specified key does not exist."),
        "RequestTimeTooSkewed": (403, "The difference between the request time and the current time is too large."),
        "ServiceUnavailable": (503, "Reduce your request rate."),
        "SignatureDoesNotMatch": (
            403,
            "The request signature we calculated does not match the signature you provided. Check your key and "
            "signing method.",
        ),
        "SlowDown": (503, "Please reduce your request rate."),
        "XAmzContentSHA256Mismatch": (400, "The provided 'x-amz-content-sha256' header does not match the body."),
    }
)
"""HTTP status and message by code."""


class S3Error(Exception):
    """S3 refuses a request; without a message, the code's own is used."""

    def __init__(self, code: str, message: str | None = None) -> None:
        status, default = ERRORS[code]
        super().__init__(code)
        self.code, self.status, self.message = code, status, message or default


@dataclass(frozen=True)
class Reply:
    """One answer of the bucket's server."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/xml"
    code: str | None = None
    """S3's name of the error."""

    def content(self) -> tuple[bytes, str]:
        """The bytes to send and their content type."""
        return self.body, self.content_type


def error_reply(error: S3Error, resource: str) -> Reply:
    """The error as S3 sends it."""
    number = secrets.token_hex(8).upper()
    parts = {"Code": error.code, "Message": error.message, "Resource": resource, "RequestId": number, "HostId": number}
    inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in parts.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}</Error>'.encode()
    return Reply(error.status, body, {"x-amz-request-id": number}, code=error.code)
