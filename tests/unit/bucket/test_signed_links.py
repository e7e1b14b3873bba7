"""Signed URLs, compared with those of botocore, AWS's own client."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from bucket.locations import BucketLocation
from bucket.object_bucket import ObjectBucket
from bucket.signed_links import MAX_LIFETIME_SECONDS, sign_link
from recordings.errors import BucketError
from tests.fakes.cases import case
from tests.fakes.rows import FunctionClock
from tests.fakes.s3_server import ACCESS_KEY, SECRET_KEY, aws_client, location, now

# One process imports boto3 and moto and starts the S3 server.
pytestmark = pytest.mark.xdist_group("s3")

NAMES = [
    "plain",
    "a b",
    "a+b",
    "größe-通話",
    "~tilde~",
    "(1)",
    "100%",
    "%41%2F",
    "{}^[]|<>\"'`\\!@$&=;:,*#?",
    "a//b",
    "a/./b",
    "a/../b",
]
LOCATIONS = [
    location(endpoint="http://127.0.0.1:9000"),
    location(endpoint="s3.example.com"),
    location("aws"),
    location("aws", "us-east-1"),
    location("aws", "eu-west-3", "calls.example.com"),
    location("aws", "cn-north-1"),
    location("google"),
    location("alibaba", "cn-hangzhou"),
    location("tencent", "ap-beijing"),
    location("huawei", "cn-north-4"),
    location("baidu", "baoding"),
]
MEDIA_TYPES = {"mp4": "video/mp4", "m3u8": "application/vnd.apple.mpegurl", "ts": "video/mp2t", "MP4": "video/mp4"}


def aws_links(at: BucketLocation, keys: Iterable[str], seconds: int, **headers: str) -> dict[str, str]:
    """The links to these keys that botocore signs."""
    client = aws_client("s3", at.service_url, at.signing_region, "virtual" if at.virtual_hosted else "path")
    return {
        key: client.generate_presigned_url(
            "get_object", Params={"Bucket": at.bucket, "Key": key, **headers}, ExpiresIn=seconds
        )
        for key in keys
    }


def signed_at(link: str) -> datetime:
    timestamp = dict(parse_qsl(urlsplit(link).query))["X-Amz-Date"]
    return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def components(link: str) -> tuple[str, str, str, list[tuple[str, str]]]:
    """Scheme, host, path, and the parameters in any order."""
    url = urlsplit(link)
    return url.scheme, url.netloc, url.path, sorted(parse_qsl(url.query, strict_parsing=True))


@pytest.mark.parametrize("at", LOCATIONS, ids=lambda at: at.url)
def test_a_link_equals_the_one_that_botocore_signs(at: BucketLocation) -> None:
    for key, expected in aws_links(at, [f"C0123/20261124/{name}" for name in NAMES], 3600).items():
        with case(key):
            assert components(sign_link(at, key, 3600, signed_at(expected))) == components(expected)


@pytest.mark.parametrize(("suffix", "media_type"), MEDIA_TYPES.items())
def test_a_link_to_a_recording_makes_browsers_play_it(suffix: str, media_type: str) -> None:
    at, keys = location("aws"), [f"C0123/20261124/{name}.{suffix}" for name in NAMES]
    headers = {"ResponseContentType": media_type, "ResponseContentDisposition": "inline"}
    for key, expected in aws_links(at, keys, 60, **headers).items():
        with case(key):
            assert components(sign_link(at, key, 60, signed_at(expected))) == components(expected)


def test_a_link_overrides_the_media_type_of_the_object(bucket: ObjectBucket) -> None:
    bucket.put("a.mp4", b"film")
    with urllib.request.urlopen(bucket.link("a.mp4", 60), timeout=60) as response:  # noqa: S310
        assert response.headers["Content-Type"] == "video/mp4"
        assert response.headers["Content-Disposition"] == "inline"


@pytest.mark.parametrize(
    ("seconds", "lifetime"), [(1, "1"), (59.9, "59"), (3600, "3600"), (MAX_LIFETIME_SECONDS, "604800")]
)
def test_a_link_has_the_given_lifetime(seconds: float, lifetime: str) -> None:
    link = ObjectBucket(location("aws"), FunctionClock(now)).link("a", seconds)
    assert dict(parse_qsl(urlsplit(link).query))["X-Amz-Expires"] == lifetime


@pytest.mark.parametrize("vendor", ["aws", "azure"])
def test_a_lifetime_outside_1_second_to_7_days_is_rejected(vendor: str) -> None:
    bucket = ObjectBucket(location(vendor), FunctionClock(now))
    for seconds in (0, 0.9, -1, MAX_LIFETIME_SECONDS + 1, float("inf"), float("nan")):
        with case(seconds), pytest.raises(ValueError, match="from 1 to 604800 s"):
            bucket.link("a", seconds)


def test_a_link_starts_at_the_clocks_time_in_utc() -> None:
    moment = datetime.fromisoformat("2026-11-24T01:30:00+02:00")
    link = ObjectBucket(location("aws"), FunctionClock(lambda: moment)).link("a", 60)
    query = dict(parse_qsl(urlsplit(link).query))
    assert query["X-Amz-Date"] == "20261123T233000Z"
    assert query["X-Amz-Credential"] == f"{ACCESS_KEY}/20261123/us-east-2/s3/aws4_request"


def test_a_link_does_not_contain_the_secret_key() -> None:
    assert SECRET_KEY not in ObjectBucket(location("aws"), FunctionClock(now)).link("a", 60)


def test_an_azure_link_is_signed_by_obstore() -> None:
    before = now().replace(microsecond=0)
    link = ObjectBucket(location("azure"), FunctionClock(now)).link("C1/a b+c~(1)%41é#?.mp4", 3600)
    url = urlsplit(link)
    query = dict(parse_qsl(url.query))
    assert url.netloc == "accountname.blob.core.windows.net"
    assert url.path == "/calls/C1/a%20b+c~(1)%2541%C3%A9%23%3F.mp4"
    assert (query["sp"], query["sr"]) == ("r", "b")
    signed = datetime.fromisoformat(query["se"]) - timedelta(hours=1)
    assert before <= signed <= now()
    with pytest.raises(BucketError, match="InvalidKey"):
        ObjectBucket(location("azure"), FunctionClock(now)).link("a//b", 60)
