"""Storage on 127.0.0.1: moto's S3 server, a fake listing, and a proxy that routes a vendor's host to either."""

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


def location(vendor: str = "s3", region: str = REGION, bucket: str = "calls", endpoint: str = "") -> BucketLocation:
    if vendor == "azure":
        return BucketLocation(vendor, "", bucket, "accountname", AZURE_KEY)
    return BucketLocation(vendor, region, bucket, ACCESS_KEY, SECRET_KEY, endpoint)


def bucket_at(url: str, *, timeout: float = 60) -> ObjectBucket:
    """A bucket of S3-compatible storage at this URL."""
    return ObjectBucket(location(endpoint=url), FunctionClock(now), timeout=timeout)


@dataclass(frozen=True)
class S3Server:
    """moto's S3 server, with AWS clients for S3 and IAM."""

    url: str
    client: Any
    identities: Any

    def new_bucket(self, name: str, region: str = REGION) -> None:
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})

    @contextmanager
    def checking_signatures(self) -> Iterator[None]:
        """Inside, every request needs a known key, a valid signature and a permission, as with AWS."""
        self._check_after(b"0")
        try:
            yield
        finally:
            self._check_after(b"inf")

    @contextmanager
    def unchecked(self) -> Iterator[None]:
        """Suspends `checking_signatures`, so that a test can use the AWS clients."""
        self._check_after(b"inf")
        try:
            yield
        finally:
            self._check_after(b"0")

    def _check_after(self, number: bytes) -> None:
        """Makes moto accept this many requests without a check."""
        # urllib's default type is a form, whose body moto would not find.
        text = {"Content-Type": "text/plain"}
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", number, text, method="POST")  # noqa: S310
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310


@contextmanager
def s3_server() -> Iterator[S3Server]:
    from moto.server import ThreadedMotoServer  # Slow to import, so collecting the tests should not.

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
    """A script that lists these keys like S3, in pages of `size`, and records the queries."""

    keys: list[str]
    size: int = 1000
    listings: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(exchange.path).query).items()}
        self.listings.append(query)
        after = query.get("continuation-token") or query.get("start-after", "")
        left = [key for key in self.keys if key.startswith(query.get("prefix", "")) and key > after]
        more = f"<NextContinuationToken>{left[self.size - 1]}</NextContinuationToken>" if len(left) > self.size else ""
        page = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-24T10:00:00.000Z</LastModified><Size>7</Size></Contents>"
            for key in left[: self.size]
        )
        exchange.answer(200, f"<ListBucketResult>{page}{more}</ListBucketResult>".encode())


class _Tunnel(BaseRequestHandler):
    """Accepts CONNECT, terminates TLS as the requested host, and forwards plain HTTP to the target."""

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Tunnels)
        host = self.request.recv(4096).split()[1].decode().partition(":")[0]
        server.hosts.append(host)
        self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert(host).configure_cert(context)
        with (
            context.wrap_socket(self.request, server_side=True) as client,
            socket.create_connection(server.target) as target,
        ):
            forward(client, target)


def forward(client: ssl.SSLSocket, target: socket.socket) -> None:
    other: dict[socket.socket, socket.socket] = {client: target, target: client}
    while True:
        for ready in [client] if client.pending() else select.select(list(other), [], [])[0]:
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
        """Ignores the error: clients may disconnect at any time."""


@contextmanager
def under_its_own_host(bucket: ObjectBucket, url: str) -> Iterator[list[str]]:
    """Routes the bucket's requests for its vendor's host to the server at `url`. Yields the requested hosts."""
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
    """The same store behind a proxy that has certificates for every host."""
    options: Any = {
        "proxy_url": proxy,
        "root_certificate": AUTHORITY.cert_pem.bytes(),
        "timeout": timedelta(seconds=60),
    }
    return type(store)(config=store.config, client_options=options, retry_config=store.retry_config)  # type: ignore[arg-type]
