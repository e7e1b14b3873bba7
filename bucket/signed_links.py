"""Signs URLs for S3-compatible storage (AmazonS3/latest/API/sigv4-query-string-auth).

obstore can sign URLs too, but not with a content type. A browser saves a recording that was uploaded with a wrong type
instead of playing it, so the link overrides the type. Signing here also uses the bot's own clock.
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

MAX_LIFETIME_SECONDS = 7 * 24 * 3600
"""The limit of AWS."""

_MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".m3u8": "application/vnd.apple.mpegurl",
        ".mp4": "video/mp4",
        ".ts": "video/mp2t",
    }
)


def check_lifetime(seconds: float) -> None:
    """Raises `ValueError` outside 1 s to 7 days."""
    if not 1 <= seconds <= MAX_LIFETIME_SECONDS:
        raise ValueError(f"a link lives from 1 to {MAX_LIFETIME_SECONDS} s, not {seconds:g}")


def sign_link(location: BucketLocation, key: str, seconds: float, now: datetime) -> str:
    """A URL that gives anybody read access to this object for whole `seconds` (rounded down) from `now`."""
    check_lifetime(seconds)
    timestamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{timestamp[:8]}/{location.signing_region}/s3/aws4_request"
    query = _query(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{location.access_key}/{scope}",
            "X-Amz-Date": timestamp,
            "X-Amz-Expires": str(int(seconds)),
            "X-Amz-SignedHeaders": "host",
            **_playback_headers(key),
        }
    )
    url = f"{location.url}/{quote(key, safe='/~')}"
    address = urlsplit(url)
    request = "\n".join(["GET", address.path, query, f"host:{address.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
    string_to_sign = "\n".join(["AWS4-HMAC-SHA256", timestamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = _hmac(_signing_key(location.secret_key, scope), string_to_sign).hex()
    return f"{url}?{query}&X-Amz-Signature={signature}"


def _playback_headers(key: str) -> dict[str, str]:
    """Parameters that make the storage answer with headers that browsers play."""
    media_type = _MEDIA_TYPES.get(PurePosixPath(key).suffix.lower())
    if media_type is None:
        return {}
    return {"response-content-disposition": "inline", "response-content-type": media_type}


def _query(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(parameters[name], safe='')}" for name in sorted(parameters))


def _signing_key(secret_key: str, scope: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for component in scope.split("/"):
        key = _hmac(key, component)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
