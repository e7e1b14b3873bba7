"""Signed URLs, held against those of AWS's own client."""

from __future__ import annotations

import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from bucket.links import LONGEST_SECONDS, signed_link
from bucket.locations import BucketLocation
from bucket.object_bucket import ObjectBucket
from recordings.errors import BucketError
from tests.fakes.rows import FunctionClock
from tests.fakes.s3_server import ACCESS_KEY, SECRET_KEY, aws_client, now, place

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
PLACES = [
    place(endpoint="http://127.0.0.1:9000"),
    place(endpoint="s3.example.com"),
    place("aws"),
    place("aws", "us-east-1"),
    place("aws", "eu-west-3", "calls.example.com"),
    place("aws", "cn-north-1"),
    place("google"),
    place("alibaba", "cn-hangzhou"),
    place("tencent", "ap-beijing"),
    place("huawei", "cn-north-4"),
    place("baidu", "baoding"),
]
TYPES = {"mp4": "video/mp4", "m3u8": "application/vnd.apple.mpegurl", "ts": "video/mp2t", "MP4": "video/mp4"}


def by_aws(at: BucketLocation, key: str, seconds: int, **answer: str) -> str:
    """The same link, made by botocore."""
    style = "virtual" if at.virtual_hosted else "path"
    client = aws_client("s3", at.root, at.signing_region, style)
    asked = {"Bucket": at.bucket, "Key": key, **answer}
    return str(client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds))


def when(link: str) -> datetime:
    moment = dict(parse_qsl(urlsplit(link).query))["X-Amz-Date"]
    return datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def parts(link: str) -> tuple[str, str, str, list[tuple[str, str]]]:
    url = urlsplit(link)
    return url.scheme, url.netloc, url.path, sorted(parse_qsl(url.query, strict_parsing=True))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("at", PLACES, ids=lambda at: at.url)
def test_a_link_is_that_of_awss_own_client(at: BucketLocation, name: str) -> None:
    key = f"C0123/20261124/{name}"
    expected = by_aws(at, key, 3600)
    assert parts(signed_link(at, key, 3600, when(expected))) == parts(expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("suffix", "content_type"), TYPES.items())
def test_a_link_to_a_film_says_what_it_is_and_that_it_is_to_be_played(
    name: str, suffix: str, content_type: str
) -> None:
    at, key = place("aws"), f"C0123/20261124/{name}.{suffix}"
    expected = by_aws(at, key, 60, ResponseContentType=content_type, ResponseContentDisposition="inline")
    assert parts(signed_link(at, key, 60, when(expected))) == parts(expected)


def test_a_browser_is_told_so_whatever_the_object_was_stored_as(bucket: ObjectBucket) -> None:
    bucket.put("a.mp4", b"film")
    with urllib.request.urlopen(bucket.link("a.mp4", 60), timeout=5) as answer:  # noqa: S310
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["Content-Disposition"] == "inline"


@pytest.mark.parametrize(("seconds", "lifetime"), [(1, "1"), (59.9, "59"), (3600, "3600"), (LONGEST_SECONDS, "604800")])
def test_a_link_lives_as_long_as_it_is_told(seconds: float, lifetime: str) -> None:
    link = ObjectBucket(place("aws"), FunctionClock(now)).link("a", seconds)
    assert dict(parse_qsl(urlsplit(link).query))["X-Amz-Expires"] == lifetime


@pytest.mark.parametrize("seconds", [0, 0.9, -1, LONGEST_SECONDS + 1, float("inf"), float("nan")])
@pytest.mark.parametrize("vendor", ["aws", "azure"])
def test_no_link_lives_shorter_or_longer_than_the_vendors_allow(vendor: str, seconds: float) -> None:
    with pytest.raises(ValueError, match="from 1 to 604800 s"):
        ObjectBucket(place(vendor), FunctionClock(now)).link("a", seconds)


def test_a_link_begins_at_the_time_of_the_clock_in_utc() -> None:
    moment = datetime.fromisoformat("2026-11-24T01:30:00+02:00")
    link = ObjectBucket(place("aws"), FunctionClock(lambda: moment)).link("a", 60)
    query = dict(parse_qsl(urlsplit(link).query))
    assert query["X-Amz-Date"] == "20261123T233000Z"
    assert query["X-Amz-Credential"] == f"{ACCESS_KEY}/20261123/us-east-2/s3/aws4_request"


def test_a_link_holds_no_secret() -> None:
    assert SECRET_KEY not in ObjectBucket(place("aws"), FunctionClock(now)).link("a", 60)


def test_an_azure_link_is_made_by_obstore() -> None:
    begun = now().replace(microsecond=0)
    link = ObjectBucket(place("azure"), FunctionClock(now)).link("C1/a b+c~(1)%41é#?.mp4", 3600)
    url = urlsplit(link)
    query = dict(parse_qsl(url.query))
    assert url.netloc == "accountname.blob.core.windows.net"
    assert url.path == "/calls/C1/a%20b+c~(1)%2541%C3%A9%23%3F.mp4"
    assert (query["sp"], query["sr"]) == ("r", "b")
    assert timedelta(0) <= datetime.fromisoformat(query["se"]) - begun - timedelta(hours=1) < timedelta(seconds=30)
    with pytest.raises(BucketError, match="InvalidKey"):
        ObjectBucket(place("azure"), FunctionClock(now)).link("a//b", 60)
