"""The recorder's side of S3: a signed PUT."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from urllib.parse import quote

from simulator.bucket.request import Asking
from simulator.bucket.signing import sign


@dataclass(frozen=True)
class Account:
    """Where somebody may write, and as whom."""

    endpoint: str
    """Host and port."""
    bucket: str
    access_key: str
    secret_key: str


def put(account: Account, key: str, content: bytes, timeout: float, now: float) -> int:
    """Store this; the status that S3 answers (200: stored), OSError or HTTPException where it can't be asked."""
    target = f"/{account.bucket}/{quote(key, safe='/-_.~')}"
    # Agora sets no type of its own: who plays the files has to.
    headers = {"host": account.endpoint, "content-type": "binary/octet-stream"}
    signed = sign(Asking("PUT", target, headers, content), account.access_key, account.secret_key, now)
    connection = http.client.HTTPConnection(account.endpoint, timeout=timeout)
    try:
        connection.request("PUT", target, content, signed)
        return connection.getresponse().status
    finally:
        connection.close()
