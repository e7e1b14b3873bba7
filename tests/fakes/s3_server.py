"""Storage on 127.0.0.1: moto's S3 server, servers that answer as told, and a way to them under a vendor's own host."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from obstore.store import AzureStore, S3Store

from bucket.locations import BucketLocation
from bucket.object_bucket import ObjectBucket
from tests.fakes.http_server import AUTHORITY, Exchange
from tests.fakes.rows import FunctionClock

REGION = "us-east-2"
ACCESS_KEY = "TESTKEYIOSFODNN7EXAM"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
AZURE_KEY = "QXp1cmUgYWNjb3VudCBrZXksIG1hZGUgdXA="
ERROR = '<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'


def now() -> datetime:
    return datetime.now(UTC)


def place(vendor: str = "s3", region: str = REGION, bucket: str = "calls", endpoint: str = "") -> BucketLocation:
    if vendor == "azure":
        return BucketLocation(vendor, "", bucket, "accountname", AZURE_KEY)
    return BucketLocation(vendor, region, bucket, ACCESS_KEY, SECRET_KEY, endpoint)


def bucket_at(url: str, *, seconds: float = 5) -> ObjectBucket:
    """A bucket of S3-compatible storage at this URL."""
    return ObjectBucket(place(endpoint=url), FunctionClock(now), seconds=seconds)


@dataclass(frozen=True)
class S3Server:
    """moto, and a client of AWS's own to look into it."""

    url: str
    client: Any
    identities: Any

    def new_bucket(self, name: str, region: str = REGION) -> None:
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})

    @contextmanager
    def checking_signatures(self) -> Iterator[None]:
        """Meanwhile every request needs a known key, a right signature and a permission, as with AWS."""
        self._unchecked_requests(b"0")
        try:
            yield
        finally:
            self._unchecked_requests(b"inf")

    def _unchecked_requests(self, number: bytes) -> None:
        # urllib would call it a form, and then moto finds nothing in it.
        text = {"Content-Type": "text/plain"}
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", number, text, method="POST")  # noqa: S310
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310


@contextmanager
def s3_server() -> Iterator[S3Server]:
    # Imported here, since it takes a second that every collection of tests would pay.
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        yield S3Server(url, aws_client("s3", url), aws_client("iam", url))
    finally:
        server.stop()


def aws_client(service: str, url: str, region: str = REGION, style: str = "path") -> Any:
    import boto3
    from botocore.config import Config

    config = Config(signature_version="s3v4" if service == "s3" else "v4", s3={"addressing_style": style})
    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    return boto3.client(service, endpoint_url=url, region_name=region, config=config, **keys)


@dataclass
class Pages:
    """Answers listings of these keys, a page of so many at a time, as S3 does."""

    keys: list[str]
    size: int = 1000
    listings: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(exchange.path).query).items()}
        self.listings.append(asked)
        after = asked.get("continuation-token") or asked.get("start-after", "")
        left = [key for key in self.keys if key.startswith(asked.get("prefix", "")) and key > after]
        more = f"<NextContinuationToken>{left[self.size - 1]}</NextContinuationToken>" if len(left) > self.size else ""
        page = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-24T10:00:00.000Z</LastModified><Size>7</Size></Contents>"
            for key in left[: self.size]
        )
        exchange.answer(200, f"<ListBucketResult>{page}{more}</ListBucketResult>".encode())


class _Tunnel(BaseRequestHandler):
    """Takes a CONNECT, is the host that was asked for, and passes on in plain HTTP what it reads."""

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Tunnels)
        host = self.request.recv(4096).split()[1].decode().partition(":")[0]
        server.hosts.append(host)
        self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert(host).configure_cert(context)
        with (
            context.wrap_socket(self.request, server_side=True) as inside,
            socket.create_connection(server.target) as outside,
        ):
            pass_on(inside, outside)


def pass_on(inside: ssl.SSLSocket, outside: socket.socket) -> None:
    other: dict[socket.socket, socket.socket] = {inside: outside, outside: inside}
    while True:
        for ready in [inside] if inside.pending() else select.select(list(other), [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            other[ready].sendall(data)


class _Tunnels(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.target = target
        self.hosts: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asks closes as it likes."""


@contextmanager
def under_its_own_host(bucket: ObjectBucket, url: str) -> Iterator[list[str]]:
    """What this bucket asks of its vendor's host comes to the server at `url`. Yields the hosts that are asked."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    tunnels = _Tunnels((parts.hostname, parts.port))
    bucket._store = through_proxy(bucket._store, f"http://127.0.0.1:{tunnels.server_address[1]}")
    thread = threading.Thread(target=tunnels.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield tunnels.hosts
    finally:
        tunnels.shutdown()
        tunnels.server_close()
        thread.join()


def through_proxy(store: S3Store | AzureStore, proxy: str) -> S3Store | AzureStore:
    """The same store, on its way through a proxy that has certificates for every host."""
    options: Any = {"proxy_url": proxy, "root_certificate": AUTHORITY.cert_pem.bytes(), "timeout": timedelta(seconds=5)}
    return type(store)(config=store.config, client_options=options, retry_config=store.retry_config)  # type: ignore[arg-type]
