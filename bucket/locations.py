"""Where a vendor keeps a bucket, and how to get there.

Everybody but Azure is asked in the language of S3. `aws` and `s3` are proven against an S3 server; of the others the
form of their requests alone is: `google` (storage/docs/interoperability), `alibaba` (oss/developer-reference/
use-aws-sdks-to-access-oss: virtual-hosted only), `tencent` (document/product/436/32537), `huawei` (devg-obs/
obs_06_0007), `baidu` (doc/BOS/s/Hjwvyq84s: signature, region and host). Agora's documentation does not say what its
`accessKey` and `secretKey` are for Azure: taken here as the storage account and its key.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.exceptions import BaseError
from obstore.store import AzureStore, S3Store

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

CONNECT_SECONDS = 3.0
REQUEST_SECONDS = 10.0
"""From the first try to connect to the last byte of the answer."""

AZURE = "azure"
_S3 = "s3"
_HOSTS: Mapping[str, str] = MappingProxyType(
    {
        "aws": "s3.{region}.amazonaws.com",
        "alibaba": "s3.oss-{region}.aliyuncs.com",
        "tencent": "cos.{region}.myqcloud.com",
        "google": "storage.googleapis.com",
        "huawei": "obs.{region}.myhuaweicloud.com",
        "baidu": "s3.{region}.bcebos.com",
    }
)
_VIRTUAL_HOSTED = frozenset({"aws", "alibaba", "tencent", "huawei"})
_BAIDU = {
    "baoding": "bd",
    "suzhou": "su",
    "guangzhou": "gz",
    "hongkong": "hkg",
    "singapore": "sin",
    "wuhan": "fwh",
    "shanghai": "fsh",
}
_ANY_REGION = {"google": "auto", _S3: "us-east-1"}

_PREFIXES = ("AWS_", "AZURE_", "AZURITE_")
_NAMES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "MSI_ENDPOINT", "IDENTITY_ENDPOINT"})


@dataclass(frozen=True, slots=True)
class BucketLocation:
    """A bucket and the keys to it. Vendor and region by the names of `agora.vendors`.

    `endpoint`: the host of S3-compatible storage, with or without a scheme. `ValueError` where no request could be made
    of this; its text never shows a secret.
    """

    vendor: str
    region: str
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    endpoint: str = ""

    def __post_init__(self) -> None:
        if self.vendor not in {*_HOSTS, _S3, AZURE}:
            raise ValueError(f"no storage vendor: {self.vendor!r}")
        # obstore does not return an error for what can't stand in a header, it panics.
        _must_match(r"[A-Za-z0-9._-]+", self.bucket, "the name of the bucket")
        _must_match(r"[\x21-\x7e]+", self.access_key, "the access key")
        if self.vendor not in {AZURE, "google"}:
            _must_match(r"[A-Za-z0-9._-]+" if self.vendor != _S3 else r"[A-Za-z0-9._-]*", self.region, "the region")
        if self.vendor == AZURE:
            _must_match(r"[A-Za-z0-9-]+", self.access_key, "the access key, with Azure the name of the account,")
            _must_be_base64(self.secret_key)
        if self.vendor == _S3:
            _must_match(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?", _endpoint(self.endpoint)[1], "the endpoint")

    @property
    def signing_region(self) -> str:
        """The region as it stands in a signature."""
        if self.vendor == "google":
            return _ANY_REGION["google"]
        return _BAIDU.get(self.region, self.region) if self.vendor == "baidu" else self.region or _ANY_REGION[_S3]

    @property
    def root(self) -> str:
        """The URL of the storage, without the bucket."""
        if self.vendor == _S3:
            return "://".join(_endpoint(self.endpoint))
        if self.vendor == AZURE:
            return f"https://{self.access_key}.blob.core.windows.net"
        china = ".cn" if self.vendor == "aws" and self.region.startswith("cn-") else ""
        return f"https://{_HOSTS[self.vendor]}".format(region=self.signing_region) + china

    @property
    def virtual_hosted(self) -> bool:
        """Whether the bucket is part of the host: what AWS recommends (AmazonS3/latest/userguide/VirtualHosting).

        A certificate covers no name with a dot in it, and a host does not tell a small letter from a capital.
        """
        return self.vendor in _VIRTUAL_HOSTED and re.fullmatch(r"[a-z0-9-]+", self.bucket) is not None

    @property
    def url(self) -> str:
        """The URL of the bucket, without a slash at its end."""
        scheme, _, host = self.root.partition("://")
        return f"{scheme}://{self.bucket}.{host}" if self.virtual_hosted else f"{self.root}/{self.bucket}"


def open_store(place: BucketLocation, seconds: float = REQUEST_SECONDS) -> S3Store | AzureStore:
    """The bucket, each request within so many seconds and sent once. Nothing is connected yet.

    It hides variables of the process for a moment, so open it before there are other threads.
    """
    client: ClientConfig = {
        "allow_http": place.url.startswith("http://"),
        "connect_timeout": timedelta(seconds=min(CONNECT_SECONDS, seconds)),
        "timeout": timedelta(seconds=seconds),
    }
    once: RetryConfig = {"max_retries": 0, "retry_timeout": timedelta(seconds=seconds)}
    try:
        with _environment_hidden():
            if place.vendor == AZURE:
                return _azure(place, client, once)
            return S3Store(
                place.bucket,
                region=place.signing_region,
                endpoint=place.url if place.virtual_hosted else place.root,
                virtual_hosted_style_request=place.virtual_hosted,
                access_key_id=place.access_key,
                secret_access_key=place.secret_key,
                # The request that deletes many at once is not known to every storage that speaks S3.
                disable_bulk_delete=True,
                client_options=client,
                retry_config=once,
            )
    except BaseError:
        raise ValueError("obstore can't make a bucket of the storage's settings") from None


def _azure(place: BucketLocation, client: ClientConfig, once: RetryConfig) -> AzureStore:
    return AzureStore(
        place.bucket,
        account_name=place.access_key,
        account_key=place.secret_key,
        endpoint=place.root,
        client_options=client,
        retry_config=once,
    )


@contextmanager
def _environment_hidden() -> Iterator[None]:
    """obstore takes credentials, hosts and more from variables of the machine, and no argument overrides all of them.

    The variables of proxies are hidden as well: the bot obeys none towards Agora either.
    """
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if _is_read_by_obstore(name)}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _is_read_by_obstore(name: str) -> bool:
    return name.upper().startswith(_PREFIXES) or name.upper() in _NAMES


def _endpoint(endpoint: str) -> tuple[str, str]:
    """Scheme and host. Without a scheme it is https, but for the machine itself."""
    text = endpoint.strip()
    parts = urlsplit(text if "//" in text else f"//{text}")
    host = parts.netloc.rpartition("@")[2]
    scheme = parts.scheme or ("http" if _is_loopback(parts.hostname or "") else "https")
    # A browser and obstore leave out the port that a scheme has anyway, and it would be signed.
    return scheme, host.removesuffix(":80" if scheme == "http" else ":443")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _must_match(pattern: str, text: str, what: str) -> None:
    if re.fullmatch(pattern, text) is None:
        raise ValueError(f"{what} is missing, or holds a character that it can't hold")


def _must_be_base64(key: str) -> None:
    try:
        base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the secret key, with Azure the key of the account, is not base64") from None
