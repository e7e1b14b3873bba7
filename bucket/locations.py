"""The hosts and regions of each storage vendor, and how to connect to a bucket there.

Every vendor but Azure speaks S3. Tests run `aws` and `s3` against an S3 server; for the other vendors they verify only
the form of the requests: `google` (storage/docs/interoperability), `alibaba` (oss/developer-reference/
use-aws-sdks-to-access-oss: virtual-hosted only), `tencent` (document/product/436/32537), `huawei` (devg-obs/
obs_06_0007), `baidu` (doc/BOS/s/Hjwvyq84s: signature, region and host). Agora's documentation does not say what its
`accessKey` and `secretKey` mean for Azure; this module takes them as the storage account and its key.
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

CONNECT_TIMEOUT = 3.0
REQUEST_TIMEOUT = 10.0
"""In seconds, from connecting to the last byte of the response."""

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
_DEFAULT_REGIONS = {"google": "auto", _S3: "us-east-1"}

_VARIABLE_PREFIXES = ("AWS_", "AZURE_", "AZURITE_")
_VARIABLES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "MSI_ENDPOINT", "IDENTITY_ENDPOINT"})


@dataclass(frozen=True, slots=True)
class BucketLocation:
    """A bucket and its credentials. Vendor and region have the names of `agora.vendors`.

    `endpoint`: the host of S3-compatible storage, with or without a scheme. Raises `ValueError` if no request could be
    built from these values; the message never contains a secret.
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
        # obstore panics on characters that are not allowed in a header.
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
        """The region in the scope of a signature."""
        if self.vendor == "google":
            return _DEFAULT_REGIONS["google"]
        return _BAIDU.get(self.region, self.region) if self.vendor == "baidu" else self.region or _DEFAULT_REGIONS[_S3]

    @property
    def service_url(self) -> str:
        """The URL of the storage service, without the bucket."""
        if self.vendor == _S3:
            return "://".join(_endpoint(self.endpoint))
        if self.vendor == AZURE:
            return f"https://{self.access_key}.blob.core.windows.net"
        china = ".cn" if self.vendor == "aws" and self.region.startswith("cn-") else ""
        return f"https://{_HOSTS[self.vendor]}".format(region=self.signing_region) + china

    @property
    def virtual_hosted(self) -> bool:
        """Whether the host contains the bucket, as AWS recommends (AmazonS3/latest/userguide/VirtualHosting).

        Not for a name with a dot, which the wildcard certificate does not cover, or with capitals: hosts ignore case.
        """
        return self.vendor in _VIRTUAL_HOSTED and re.fullmatch(r"[a-z0-9-]+", self.bucket) is not None

    @property
    def url(self) -> str:
        """The URL of the bucket, without a trailing slash."""
        scheme, _, host = self.service_url.partition("://")
        return f"{scheme}://{self.bucket}.{host}" if self.virtual_hosted else f"{self.service_url}/{self.bucket}"


def open_store(location: BucketLocation, timeout: float = REQUEST_TIMEOUT) -> S3Store | AzureStore:
    """A store whose requests take at most `timeout` seconds and are never retried. It does not connect yet.

    Call it before other threads start: it removes environment variables for a moment.
    """
    client: ClientConfig = {
        "allow_http": location.url.startswith("http://"),
        "connect_timeout": timedelta(seconds=min(CONNECT_TIMEOUT, timeout)),
        "timeout": timedelta(seconds=timeout),
    }
    no_retries: RetryConfig = {"max_retries": 0, "retry_timeout": timedelta(seconds=timeout)}
    try:
        with _environment_hidden():
            if location.vendor == AZURE:
                return _azure(location, client, no_retries)
            return S3Store(
                location.bucket,
                region=location.signing_region,
                endpoint=location.url if location.virtual_hosted else location.service_url,
                virtual_hosted_style_request=location.virtual_hosted,
                access_key_id=location.access_key,
                secret_access_key=location.secret_key,
                # Not every S3-compatible storage implements DeleteObjects.
                disable_bulk_delete=True,
                client_options=client,
                retry_config=no_retries,
            )
    except BaseError:
        raise ValueError("obstore can't make a bucket of the storage's settings") from None


def _azure(location: BucketLocation, client: ClientConfig, no_retries: RetryConfig) -> AzureStore:
    return AzureStore(
        location.bucket,
        account_name=location.access_key,
        account_key=location.secret_key,
        endpoint=location.service_url,
        client_options=client,
        retry_config=no_retries,
    )


@contextmanager
def _environment_hidden() -> Iterator[None]:
    """Hides the environment from obstore, which reads credentials, hosts and more that no argument overrides.

    Proxy variables are hidden as well: the bot does not use them for Agora either.
    """
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if _is_read_by_obstore(name)}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _is_read_by_obstore(name: str) -> bool:
    return name.upper().startswith(_VARIABLE_PREFIXES) or name.upper() in _VARIABLES


def _endpoint(endpoint: str) -> tuple[str, str]:
    """Scheme and host. The default scheme is https, and http for loopback addresses."""
    text = endpoint.strip()
    parts = urlsplit(text if "//" in text else f"//{text}")
    host = parts.netloc.rpartition("@")[2]
    scheme = parts.scheme or ("http" if _is_loopback(parts.hostname or "") else "https")
    # The signature covers the Host header, and browsers and obstore omit a default port from it.
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
