"""Requests of ObjectBucket to each vendor's own host, which a proxy routes to 127.0.0.1."""

from __future__ import annotations

import pytest

from bucket.object_bucket import ObjectBucket
from recordings.errors import BucketWrong
from tests.fakes.http_server import Exchange, serving
from tests.fakes.rows import FunctionClock
from tests.fakes.s3_server import ACCESS_KEY, ERROR, Pages, S3Server, bucket_at, location, now, under_its_own_host

# One process imports boto3 and moto and starts the S3 server.
pytestmark = pytest.mark.xdist_group("s3")

KEY = "C0123/20261124/a b+c~(1)%41é.mp4"


@pytest.mark.parametrize(
    ("name", "host"),
    [("calls-of-aws", "calls-of-aws.s3.us-east-2.amazonaws.com"), ("a.b.c", "s3.us-east-2.amazonaws.com")],
)
def test_a_bucket_of_aws_has_its_own_host(s3: S3Server, name: str, host: str) -> None:
    s3.new_bucket(name)
    bucket = ObjectBucket(location("aws", bucket=name), FunctionClock(now))
    with under_its_own_host(bucket, s3.url) as hosts:
        bucket.put(KEY, b"film")
        assert [file.key for file in bucket.list("C0123/20261124/a ")] == [KEY]
        assert bucket.text(KEY) == "film"
        bucket.delete(KEY)
        assert list(bucket.list("")) == []
    assert set(hosts) == {host}
    assert s3.client.list_objects_v2(Bucket=name)["KeyCount"] == 0


@pytest.mark.parametrize(
    ("vendor", "region", "host", "path", "scope"),
    [
        ("alibaba", "cn-hangzhou", "calls.s3.oss-cn-hangzhou.aliyuncs.com", "/?", "cn-hangzhou/s3"),
        ("tencent", "ap-beijing", "calls.cos.ap-beijing.myqcloud.com", "/?", "ap-beijing/s3"),
        ("huawei", "cn-north-4", "calls.obs.cn-north-4.myhuaweicloud.com", "/?", "cn-north-4/s3"),
        ("baidu", "guangzhou", "s3.gz.bcebos.com", "/calls?", "gz/s3"),
        ("google", "", "storage.googleapis.com", "/calls?", "auto/s3"),
        ("aws", "cn-north-1", "calls.s3.cn-north-1.amazonaws.com.cn", "/?", "cn-north-1/s3"),
    ],
)
def test_a_vendor_gets_requests_of_s3(vendor: str, region: str, host: str, path: str, scope: str) -> None:
    pages = Pages(["C1/abc.m3u8", "C1/abd.m3u8"])
    bucket = ObjectBucket(location(vendor, region), FunctionClock(now))
    with serving(pages) as server, under_its_own_host(bucket, server.url):
        assert [file.key for file in bucket.list("C1/abc")] == ["C1/abc.m3u8"]
    (request,) = server.received
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["host"] == host
    assert request.path == f"{path}list-type=2&prefix=C1%2F&start-after=C1%2Fab"
    assert headers["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/")
    assert f"/{scope}/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date," in headers["authorization"]


def test_an_object_is_deleted_by_a_request_of_its_own() -> None:
    # Not every S3-compatible storage implements DeleteObjects.
    with serving(lambda exchange: exchange.answer(204)) as host:
        bucket_at(host.url).delete("C1/abc.m3u8")
    assert [(request.method, request.path) for request in host.received] == [("DELETE", "/calls/C1/abc.m3u8")]


def azure_listing(exchange: Exchange) -> None:
    blobs = "".join(
        f"<Blob><Name>C1/{name}</Name><Properties><Last-Modified>Tue, 24 Nov 2026 10:00:00 GMT</Last-Modified>"
        "<Content-Length>7</Content-Length><Content-Type>video/mp4</Content-Type></Properties></Blob>"
        for name in ("abb", "abc.m3u8", "abd")
    )
    exchange.answer(200, f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>".encode())


def test_azure_gets_requests_of_its_own_api() -> None:
    bucket = ObjectBucket(location("azure"), FunctionClock(now))
    with serving(azure_listing) as server, under_its_own_host(bucket, server.url) as hosts:
        assert [(file.key, file.size) for file in bucket.list("C1/abc")] == [("C1/abc.m3u8", 7)]
    (request,) = server.received
    assert set(hosts) == {"accountname.blob.core.windows.net"}
    assert request.path == "/calls?restype=container&comp=list&prefix=C1%2F"
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["authorization"].startswith("SharedKey accountname:")


@pytest.mark.parametrize("code", ["ContainerNotFound", "AuthenticationFailed"])
def test_azures_codes_for_wrong_settings_are_recognized(code: str) -> None:
    bucket = ObjectBucket(location("azure"), FunctionClock(now))
    body = ERROR.format(code=code, message="RequestId:1\nTime:2").encode()
    status = 404 if code == "ContainerNotFound" else 403
    with serving(lambda exchange: exchange.answer(status, body)) as server, under_its_own_host(bucket, server.url):
        for call in (lambda: bucket.list("a"), lambda: bucket.text("a"), lambda: bucket.delete("a")):
            with pytest.raises(BucketWrong, match=rf"^{code}: RequestId:1 Time:2$"):
                call()
