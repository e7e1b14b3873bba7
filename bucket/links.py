"""Signed URLs for storage that speaks S3 (AmazonS3/latest/API/sigv4-query-string-auth).

Signed here and not by obstore, since the link then says of what type the object is: what was uploaded under a type that
is wrong, browsers save instead of playing, and obstore's links can't carry another. They also take the clock as given.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from bucket.locations import BucketLocation

LONGEST_SECONDS = 7 * 24 * 3600
"""AWS accepts no link that lives longer."""

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".m3u8": "application/vnd.apple.mpegurl",
        ".mp4": "video/mp4",
        ".ts": "video/mp2t",
    }
)


def check_lifetime(seconds: float) -> None:
    """`ValueError` where no link can live so long, or so short."""
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise ValueError(f"a link lives from 1 to {LONGEST_SECONDS} s, not {seconds:g}")


def signed_link(place: BucketLocation, key: str, seconds: float, now: datetime) -> str:
    """The URL that lets anybody read this object, from `now` on for so many seconds (the fraction is cut off)."""
    check_lifetime(seconds)
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{place.signing_region}/s3/aws4_request"
    query = _query(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{place.access_key}/{scope}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(int(seconds)),
            "X-Amz-SignedHeaders": "host",
            **_played_in_the_browser(key),
        }
    )
    url = f"{place.url}/{quote(key, safe='/~')}"
    parts = urlsplit(url)
    request = "\n".join(["GET", parts.path, query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
    signed = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = _hmac(_signing_key(place.secret_key, scope), signed).hex()
    return f"{url}?{query}&X-Amz-Signature={signature}"


def _played_in_the_browser(key: str) -> dict[str, str]:
    known = _TYPES.get(PurePosixPath(key).suffix.lower())
    return {"response-content-disposition": "inline", "response-content-type": known} if known else {}


def _query(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(parameters[name], safe='')}" for name in sorted(parameters))


def _signing_key(secret_key: str, scope: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
