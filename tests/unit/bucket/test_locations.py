"""Hosts and regions of each vendor, and independence of the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import BaseError
from obstore.store import AzureStore, S3Store

from bucket.locations import BucketLocation, open_store
from bucket.object_bucket import ObjectBucket
from recordings.errors import BucketWrong
from tests.fakes.http_server import serving
from tests.fakes.rows import FunctionClock
from tests.fakes.s3_server import ACCESS_KEY, AZURE_KEY, SECRET_KEY, Pages, bucket_at, location, now


def harmful_variables() -> dict[str, str]:
    """Every variable that obstore's documentation mentions, with a value that would break a request."""
    stubs = Path(obstore.__file__).parent / "_store"
    text = "".join((stubs / name).read_text("utf-8") for name in ("_aws.pyi", "_azure.pyi"))
    variables = dict.fromkeys(re.findall(r"`((?:AWS|AZURE)_[A-Z0-9_]+)`", text), "true")
    assert len(variables) > 50
    nowhere = "http://127.0.0.1:1"
    variables |= {name: nowhere for name in variables if "ENDPOINT" in name}
    variables |= {
        "AWS_CHECKSUM_ALGORITHM": "sha256",
        "AWS_SERVER_SIDE_ENCRYPTION": "AES256",
        "AWS_COPY_IF_NOT_EXISTS": "?",
    }
    variables |= {"AWS_ALLOW_HTTP": "false", "AWS_TIMEOUT": "?", "AWS_PROXY_URL": nowhere, "AWS_CONDITIONAL_PUT": "?"}
    return variables | {"HTTP_PROXY": nowhere, "http_proxy": nowhere, "ALL_PROXY": nowhere, "HTTPS_PROXY": nowhere}


@pytest.mark.parametrize(
    ("vendor", "region", "bucket", "url"),
    [
        ("aws", "us-east-2", "calls", "https://calls.s3.us-east-2.amazonaws.com"),
        ("aws", "us-east-1", "calls", "https://calls.s3.us-east-1.amazonaws.com"),
        ("aws", "us-east-2", "calls.example.com", "https://s3.us-east-2.amazonaws.com/calls.example.com"),
        ("aws", "us-east-1", "Old_Calls", "https://s3.us-east-1.amazonaws.com/Old_Calls"),
        ("aws", "cn-north-1", "calls", "https://calls.s3.cn-north-1.amazonaws.com.cn"),
        ("aws", "cn-northwest-1", "a.b", "https://s3.cn-northwest-1.amazonaws.com.cn/a.b"),
        ("alibaba", "cn-hangzhou", "calls", "https://calls.s3.oss-cn-hangzhou.aliyuncs.com"),
        ("tencent", "ap-beijing", "calls-125", "https://calls-125.cos.ap-beijing.myqcloud.com"),
        ("huawei", "cn-north-4", "calls", "https://calls.obs.cn-north-4.myhuaweicloud.com"),
        ("baidu", "baoding", "calls", "https://s3.bd.bcebos.com/calls"),
        ("baidu", "shanghai", "calls", "https://s3.fsh.bcebos.com/calls"),
        ("google", "", "calls", "https://storage.googleapis.com/calls"),
        ("azure", "", "calls", "https://accountname.blob.core.windows.net/calls"),
    ],
)
def test_each_vendor_has_its_own_host(vendor: str, region: str, bucket: str, url: str) -> None:
    assert location(vendor, region, bucket).url == url


@pytest.mark.parametrize(
    ("endpoint", "service_url"),
    [
        ("s3.example.com", "https://s3.example.com"),
        ("https://s3.example.com/", "https://s3.example.com"),
        ("http://s3.example.com", "http://s3.example.com"),
        (" s3.example.com:9000 ", "https://s3.example.com:9000"),
        ("s3.example.com:443", "https://s3.example.com"),
        ("http://s3.example.com:80", "http://s3.example.com"),
        ("https://user:pass@s3.example.com/path?query", "https://s3.example.com"),
        ("127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("127.8.8.8", "http://127.8.8.8"),
        ("localhost:9000", "http://localhost:9000"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("https://localhost:9000", "https://localhost:9000"),
        ("10.0.0.1:9000", "https://10.0.0.1:9000"),
    ],
)
def test_an_endpoint_is_https_unless_it_is_loopback_or_has_a_scheme(endpoint: str, service_url: str) -> None:
    at = location(endpoint=endpoint)
    assert (at.service_url, at.url) == (service_url, f"{service_url}/calls")


@pytest.mark.parametrize(
    ("vendor", "region", "signing_region"),
    [
        ("aws", "us-east-2", "us-east-2"),
        ("google", "", "auto"),
        ("google", "europe-west1", "auto"),
        ("s3", "", "us-east-1"),
        ("s3", "eu-central-003", "eu-central-003"),
        ("baidu", "suzhou", "su"),
    ],
)
def test_the_region_of_a_signature(vendor: str, region: str, signing_region: str) -> None:
    assert location(vendor, region, endpoint="s3.example.com").signing_region == signing_region


def test_the_repr_of_a_location_shows_no_key() -> None:
    assert ACCESS_KEY not in repr(location("aws"))
    assert SECRET_KEY not in repr(location("aws"))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (("amazon", "us-east-2", "calls", "key", "secret"), "no storage vendor"),
        (("aws", "us-east-2", "", "key", "secret"), "the name of the bucket"),
        (("aws", "us-east-2", "my calls", "key", "secret"), "the name of the bucket"),
        (("aws", "us-east-2", "calls/2026", "key", "secret"), "the name of the bucket"),
        (("aws", "", "calls", "key", "secret"), "the region"),
        (("aws", "us\neast", "calls", "key", "secret"), "the region"),
        (("aws", "us-east-2", "calls", "kéy", "secret"), "the access key"),
        (("aws", "us-east-2", "calls", "", "secret"), "the access key"),
        (("s3", "", "calls", "key", "secret"), "the endpoint"),
        (("s3", "é", "calls", "key", "secret", "s3.example.com"), "the region"),
        (("s3", "", "calls", "key", "secret", "s3.éxample.com"), "the endpoint"),
        (("s3", "", "calls", "key", "secret", "s3.example.com:port"), "the endpoint"),
        (("s3", "", "calls", "key", "secret", "http://[::1"), "Invalid IPv6 URL"),
        (("azure", "", "calls", "a.b", AZURE_KEY), "the name of the account"),
        (("azure", "", "calls", "account", "secret!"), "base64"),
    ],
)
def test_settings_that_allow_no_request_are_rejected(fields: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as error:
        BucketLocation(*fields)
    assert "secret" not in str(error.value).replace("the secret key", "")


@pytest.mark.parametrize("vendor", ["aws", "alibaba", "tencent", "huawei", "baidu", "google", "azure"])
def test_opening_a_bucket_sets_timeouts_and_no_retries(vendor: str) -> None:
    region = {"baidu": "baoding", "aws": "us-east-2"}.get(vendor, "cn-north-1")
    store = ObjectBucket(location(vendor, region), FunctionClock(now))._store
    assert isinstance(store, AzureStore if vendor == "azure" else S3Store)
    options, retry = store.client_options, store.retry_config
    assert options is not None
    assert retry is not None
    # obstore returns them as text.
    assert {name: str(value) for name, value in options.items()} == {
        "allow_http": "false",
        "connect_timeout": "3s",
        "timeout": "10s",
    }
    assert retry["max_retries"] == 0


def test_no_environment_variable_changes_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def requests() -> list[tuple[str, str, set[str]]]:
        with serving(Pages([])) as host:
            bucket = bucket_at(host.url)
            bucket.list("C1/abc")
            with pytest.raises(BucketWrong, match="NotAStorage"):
                bucket.put("C1/probe", b"x")
        return [(request.method, request.path, {*map(str.lower, request.headers)}) for request in host.received]

    requests_without = requests()
    for name, value in harmful_variables().items():
        monkeypatch.setenv(name, value)
    assert requests() == requests_without
    assert [method for method, _, _ in requests_without] == ["GET", "PUT"]


def test_obstore_alone_would_read_these_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in harmful_variables().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BaseError):
        S3Store("calls", region="us-east-2", access_key_id="a", secret_access_key="b", endpoint="http://127.0.0.1:1")


def test_the_environment_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in harmful_variables().items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    open_store(location(endpoint="127.0.0.1:9"))
    open_store(location("azure"))
    assert dict(os.environ) == before
