"""Maps obstore's exceptions to a `BucketError`.

obstore does not parse error responses: its exceptions only quote them in their message, so this module parses that
message. Error codes: doc pages AmazonS3/latest/API/ErrorResponses, storage/docs/xml-api/reference-status (Google),
rest/api/storageservices/blob-service-error-codes (Azure), oss/support (Alibaba).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

from obstore.exceptions import InvalidPathError

from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong, ObjectMissing

EXPLANATION_LENGTH = 200
"""The storage's explanation is cut to this many characters."""

_WRONG = frozenset(
    {
        "AuthenticationFailed",
        "AuthorizationHeaderMalformed",
        "ContainerNotFound",
        "ExpiredToken",
        "IllegalLocationConstraintException",
        "InvalidAccessKeyId",
        "InvalidAuthenticationInfo",
        "InvalidBucketName",
        "InvalidResourceName",
        "InvalidSecurity",
        "InvalidToken",
        "NoSuchBucket",
        "PermanentRedirect",
        # This machine's clock is wrong: neither waiting nor a permission helps.
        "RequestTimeTooSkewed",
        "SecondLevelDomainForbidden",
        "SignatureDoesNotMatch",
        "TemporaryRedirect",
    }
)
_MISSING = frozenset({"BlobNotFound", "NoSuchKey"})
_DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "AuthorizationPermissionMismatch"})
_BUSY = frozenset({"InternalError", "RequestTimeout", "ServerBusy", "ServiceUnavailable", "SlowDown"})
_BUSY_STATUS = frozenset({408, 425, 429})

_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_NETWORK = re.compile(r"HttpError \{\s*kind: (\w+)")
_CODE = re.compile(r"<Code>\s*([\w.-]{1,80})\s*</Code>")
_MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)

# Redacting a one-letter secret would garble every word.
_SHORTEST_SECRET = 4


def bucket_error(error: Exception, *, concerns_object: bool, redact: Iterable[str] = ()) -> BucketError:
    """The `BucketError` for obstore's exception. `redact`: secrets to remove from the storage's explanation.

    `concerns_object`: a 404 without a code means that the object is missing, otherwise that the bucket is.
    """
    message, _, debug = str(error).partition("\n\nDebug source:")
    if isinstance(error, InvalidPathError):
        return BucketError("InvalidKey", "there is a key that can't be read: with an empty folder, `.` or `..` in it")
    if "redirect without LOCATION" in message:
        return BucketWrong("PermanentRedirect", "the bucket is in another region")
    # The last occurrence: the key comes before it, and may contain any text.
    response = message.rpartition(" - Server returned ")[2]
    status = _STATUS.match(response)
    body = response if status or response.startswith("error response: ") else ""
    code = _CODE.search(body)
    if status is None and code is None:
        return _network(debug) or BucketWrong("NotAStorage", "an answer that is not an object storage's")
    number = int(status[1]) if status else 200
    kind = _kind(code[1] if code else "", number, concerns_object)
    return kind(code[1] if code else f"HTTP {number}", _explanation(body, redact))


def _kind(code: str, status: int, concerns_object: bool) -> type[BucketError]:
    if code in _WRONG:
        return BucketWrong
    if code in _MISSING:
        return ObjectMissing
    if code in _BUSY or status in _BUSY_STATUS or status >= 500:
        return BucketUnreachable
    if code in _DENIED or status == 403:
        return BucketDenied
    if status == 404 and concerns_object:
        return ObjectMissing
    return BucketWrong if status < 402 or status == 404 else BucketError


def _network(debug: str) -> BucketUnreachable | None:
    failure = _NETWORK.search(debug)
    if failure is None:
        return None
    if '"dns error"' in debug:
        return BucketUnreachable("NoSuchHost", "the host has no address")
    if "ertificate" in debug:
        return BucketUnreachable("BadCertificate", "the certificate is not one for this host")
    if failure[1] == "Connect":
        return BucketUnreachable("NoConnection", "no connection came up")
    if failure[1] == "Timeout":
        return BucketUnreachable("NoAnswer", "no answer in time")
    return BucketUnreachable("NoAnswer", "the connection broke before the answer was complete")


def _explanation(body: str, redact: Iterable[str]) -> str:
    # Quote only this field: others contain the signed text or the access key, and a proxy's page may contain anything.
    message = _MESSAGE.search(body)
    text = " ".join(unescape(message[1]).split()) if message else ""
    for secret in redact:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text if len(text) <= EXPLANATION_LENGTH else text[: EXPLANATION_LENGTH - 1] + "…"
