"""Which error an answer of the storage is.

obstore has no fields for what the storage said: its exceptions are a text, which quotes the answer. Codes: doc pages
AmazonS3/latest/API/ErrorResponses, storage/docs/xml-api/reference-status (Google), rest/api/storageservices/
blob-service-error-codes (Azure), oss/support (Alibaba).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

from obstore.exceptions import InvalidPathError

from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong, ObjectMissing

EXPLANATION_LENGTH = 200
"""Characters of the storage's own words that are kept."""

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
        # The clock of this machine; waiting does not mend it, and no permission either.
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

# A made-up secret of one letter would be found in every word.
_SHORTEST_SECRET = 4


def bucket_error(error: Exception, *, about_an_object: bool, hide: Iterable[str] = ()) -> BucketError:
    """The error that obstore's exception is. `hide`: what must not be read in its text.

    `about_an_object`: a 404 without a code says that the object is missing, and not the bucket.
    """
    said, _, debug = str(error).partition("\n\nDebug source:")
    if isinstance(error, InvalidPathError):
        return BucketError("InvalidKey", "there is a key that can't be read: with an empty folder, `.` or `..` in it")
    if "redirect without LOCATION" in said:
        return BucketWrong("PermanentRedirect", "the bucket is in another region")
    # The last one: before it there is the key, which may be any text.
    answer = said.rpartition(" - Server returned ")[2]
    status = _STATUS.match(answer)
    body = answer if status or answer.startswith("error response: ") else ""
    code = _CODE.search(body)
    if status is None and code is None:
        return _network(debug) or BucketWrong("NotAStorage", "an answer that is not an object storage's")
    number = int(status[1]) if status else 200
    kind = _kind(code[1] if code else "", number, about_an_object)
    return kind(code[1] if code else f"HTTP {number}", _explanation(body, hide))


def _kind(code: str, status: int, about_an_object: bool) -> type[BucketError]:
    if code in _WRONG:
        return BucketWrong
    if code in _MISSING:
        return ObjectMissing
    if code in _BUSY or status in _BUSY_STATUS or status >= 500:
        return BucketUnreachable
    if code in _DENIED or status == 403:
        return BucketDenied
    if status == 404 and about_an_object:
        return ObjectMissing
    return BucketWrong if status < 402 or status == 404 else BucketError


def _network(debug: str) -> BucketUnreachable | None:
    found = _NETWORK.search(debug)
    if found is None:
        return None
    if '"dns error"' in debug:
        return BucketUnreachable("NoSuchHost", "the host has no address")
    if "ertificate" in debug:
        return BucketUnreachable("BadCertificate", "the certificate is not one for this host")
    if found[1] == "Connect":
        return BucketUnreachable("NoConnection", "no connection came up")
    if found[1] == "Timeout":
        return BucketUnreachable("NoAnswer", "no answer in time")
    return BucketUnreachable("NoAnswer", "the connection broke before the answer was complete")


def _explanation(body: str, hide: Iterable[str]) -> str:
    # Only this field is quoted: the others hold what was signed, the access key, or a page of a proxy.
    found = _MESSAGE.search(body)
    text = " ".join(unescape(found[1]).split()) if found else ""
    for secret in hide:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text if len(text) <= EXPLANATION_LENGTH else text[: EXPLANATION_LENGTH - 1] + "…"
