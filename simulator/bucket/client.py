"""A recorder's side of S3: signed PUT requests."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from simulator.bucket.request import S3Request
from simulator.bucket.signing import sign
from simulator.bucket.simulator import BucketSimulator

_PATIENCE = 2.0
"""Seconds that the bucket may take to answer."""


@dataclass(frozen=True)
class BucketAccount:
    """A bucket, and the key for it."""

    bucket: str
    access_key: str
    secret_key: str


def put(simulator: BucketSimulator, account: BucketAccount, key: str, content: bytes) -> int:
    """Store an object; the HTTP status (200: stored), 0 if the bucket does not answer."""
    target = f"/{account.bucket}/{quote(key, safe='/-_.~')}"
    # Agora sets no content type of its own: players have to guess it.
    headers = {"host": simulator.endpoint, "content-type": "binary/octet-stream"}
    request = S3Request("PUT", target, headers, content)
    signed = sign(request, account.access_key, account.secret_key, simulator.clock.wall())
    try:
        reply = simulator.handle("PUT", target, signed, content, patience=_PATIENCE)
    except ConnectionRefusedError:
        return 0
    return 0 if reply is None else reply.status
