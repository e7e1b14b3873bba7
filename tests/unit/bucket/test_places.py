"""Where a vendor keeps a bucket, and what must not have a say in it."""

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
from tests.fakes.s3_server import ACCESS_KEY, AZURE_KEY, SECRET_KEY, Pages, bucket_at, now, place


def read_by_obstore() -> dict[str, str]:
    """Every variable that obstore's documentation names, and what would do harm in it."""
    stubs = Path(obstore.__file__).parent / "_store"
    text = "".join((stubs / name).read_text("utf-8") for name in ("_aws.pyi", "_azure.pyi"))
    harm = dict.fromkeys(re.findall(r"`((?:AWS|AZURE)_[A-Z0-9_]+)`", text), "true")
    assert len(harm) > 50
    nowhere = "http://127.0.0.1:1"
    harm |= {name: nowhere for name in harm if "ENDPOINT" in name}
    harm |= {"AWS_CHECKSUM_ALGORITHM": "sha256", "AWS_SERVER_SIDE_ENCRYPTION": "AES256", "AWS_COPY_IF_NOT_EXISTS": "?"}
    harm |= {"AWS_ALLOW_HTTP": "false", "AWS_TIMEOUT": "?", "AWS_PROXY_URL": nowhere, "AWS_CONDITIONAL_PUT": "?"}
    return harm | {"HTTP_PROXY": nowhere, "http_proxy": nowhere, "ALL_PROXY": nowhere, "HTTPS_PROXY": nowhere}


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
def test_a_vendor_has_its_own_host(vendor: str, region: str, bucket: str, url: str) -> None:
    assert place(vendor, region, bucket).url == url


@pytest.mark.parametrize(
    ("endpoint", "root"),
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
def test_an_endpoint_is_asked_over_https_unless_it_is_this_machine_or_says_otherwise(endpoint: str, root: str) -> None:
    at = place(endpoint=endpoint)
    assert (at.root, at.url) == (root, f"{root}/calls")


@pytest.mark.parametrize(
    ("vendor", "region", "signed"),
    [
        ("aws", "us-east-2", "us-east-2"),
        ("google", "", "auto"),
        ("google", "europe-west1", "auto"),
        ("s3", "", "us-east-1"),
        ("s3", "eu-central-003", "eu-central-003"),
        ("baidu", "suzhou", "su"),
    ],
)
def test_a_signature_names_the_region(vendor: str, region: str, signed: str) -> None:
    assert place(vendor, region, endpoint="s3.example.com").signing_region == signed


def test_a_place_shows_no_key() -> None:
    assert ACCESS_KEY not in repr(place("aws"))
    assert SECRET_KEY not in repr(place("aws"))


@pytest.mark.parametrize(
    ("given", "problem"),
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
def test_what_no_request_can_be_made_of_is_told_before_one_is_made(given: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as error:
        BucketLocation(*given)
    assert "secret" not in str(error.value).replace("the secret key", "")


@pytest.mark.parametrize("vendor", ["aws", "alibaba", "tencent", "huawei", "baidu", "google", "azure"])
def test_nothing_is_connected_when_a_bucket_is_opened_and_each_request_is_bounded(vendor: str) -> None:
    region = {"baidu": "baoding", "aws": "us-east-2"}.get(vendor, "cn-north-1")
    store = ObjectBucket(place(vendor, region), FunctionClock(now))._store
    assert isinstance(store, AzureStore if vendor == "azure" else S3Store)
    options, retry = store.client_options, store.retry_config
    assert options is not None
    assert retry is not None
    # obstore gives them back as it keeps them.
    assert {name: str(value) for name, value in options.items()} == {
        "allow_http": "false",
        "connect_timeout": "3s",
        "timeout": "10s",
    }
    assert retry["max_retries"] == 0


def test_no_variable_of_the_machine_changes_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def requests() -> list[tuple[str, str, set[str]]]:
        with serving(Pages([])) as host:
            bucket = bucket_at(host.url)
            bucket.list("C1/abc")
            with pytest.raises(BucketWrong, match="NotAStorage"):
                bucket.put("C1/probe", b"x")
        return [(one.method, one.path, {*map(str.lower, one.headers)}) for one in host.received]

    without = requests()
    for name, value in read_by_obstore().items():
        monkeypatch.setenv(name, value)
    assert requests() == without
    assert [method for method, _, _ in without] == ["GET", "PUT"]


def test_obstore_by_itself_would_have_listened_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in read_by_obstore().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BaseError):
        S3Store("calls", region="us-east-2", access_key_id="a", secret_access_key="b", endpoint="http://127.0.0.1:1")


def test_the_variables_are_there_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in read_by_obstore().items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    open_store(place(endpoint="127.0.0.1:9"))
    open_store(place("azure"))
    assert dict(os.environ) == before
