"""Listings of ObjectBucket: by prefix, with as few pages as possible."""

from __future__ import annotations

import pytest

from bucket import object_bucket as module
from bucket.object_bucket import ObjectBucket
from recordings.errors import BucketError, BucketUnreachable
from tests.fakes.cases import case
from tests.fakes.http_server import serving
from tests.fakes.s3_server import Pages, S3Server, bucket_at

# One process imports boto3 and moto and starts the S3 server.
pytestmark = pytest.mark.xdist_group("s3")

DAY = "C0123/20261124"
STORED = [
    "C0123/20261123/abc.m3u8",
    f"{DAY}/abb_z.mp4",
    f"{DAY}/abc",
    f"{DAY}/abc-call.m3u8",
    f"{DAY}/abc/inner.ts",
    f"{DAY}/abc_call.m3u8",
    f"{DAY}/abcd.ts",
    f"{DAY}/abd.m3u8",
    "C01234/abc.m3u8",
]


@pytest.fixture
def filled(s3: S3Server, bucket: ObjectBucket) -> ObjectBucket:
    for key in reversed(STORED):
        s3.client.put_object(Bucket=bucket.name, Key=key, Body=b"")
    return bucket


def test_every_key_with_the_prefix_is_listed_in_order(filled: ObjectBucket) -> None:
    in_day = [f"{DAY}/{name}" for name in ("abc", "abc_", "abc/", "", "zzz", ".")]
    for prefix in (*in_day, DAY, "C0123/", "C0123", "C", ""):
        with case(prefix):
            listed = [file.key for file in filled.list(prefix)]
            assert listed == [key for key in sorted(STORED) if key.startswith(prefix)]


def test_an_empty_bucket_lists_nothing(bucket: ObjectBucket) -> None:
    assert list(bucket.list("")) == list(bucket.list(f"{DAY}/abc")) == []


def test_all_pages_are_listed() -> None:
    pages = Pages([f"{DAY}/abc_{number:05}.ts" for number in range(2500)])
    with serving(pages) as host:
        assert [file.key for file in bucket_at(host.url).list(f"{DAY}/abc")] == pages.keys
    assert len(pages.listings) == 3


@pytest.mark.parametrize("call", [0, 57, 99])
def test_one_call_among_20_000_objects_of_a_day_costs_one_request(call: int) -> None:
    pages = Pages(
        [f"{DAY}/{recording:02}f{'0' * 29}_{number:03}.ts" for recording in range(100) for number in range(200)]
    )
    with serving(pages) as host:
        files = bucket_at(host.url).list(f"{DAY}/{call:02}f{'0' * 29}")
    assert [file.key for file in files] == pages.keys[call * 200 : call * 200 + 200]
    assert len(pages.listings) == 1


def test_a_server_that_ignores_the_offset_does_no_harm() -> None:
    pages = Pages(STORED, size=2)

    def ignoring_the_offset(exchange: object) -> None:
        exchange.path = exchange.path.replace("start-after", "ignored")  # type: ignore[attr-defined]
        pages(exchange)  # type: ignore[arg-type]

    with serving(ignoring_the_offset) as host:
        assert [file.key for file in bucket_at(host.url).list(f"{DAY}/abc_")] == [f"{DAY}/abc_call.m3u8"]


def test_no_page_is_requested_after_the_last_match() -> None:
    # The size of Alibaba's pages.
    pages = Pages([f"{DAY}/{number:05}" for number in range(5000)], size=100)
    with serving(pages) as host:
        assert len(bucket_at(host.url).list(f"{DAY}/0000")) == 10
    assert len(pages.listings) == 1


def test_a_listing_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LISTING_TIMEOUT", 0.0)
    pages = Pages([f"{DAY}/{number:05}" for number in range(5000)])
    with serving(pages) as host, pytest.raises(BucketUnreachable, match="NoAnswer"):
        bucket_at(host.url).list(f"{DAY}/")
    assert len(pages.listings) == 1


@pytest.mark.parametrize("prefix", ["/a", "a//b", "a/../b", "./a"])
def test_a_prefix_that_obstore_cannot_address_is_rejected(bucket: ObjectBucket, prefix: str) -> None:
    with pytest.raises(BucketError, match="InvalidKey"):
        bucket.list(prefix)


def test_a_foreign_key_that_obstore_cannot_address_is_an_error(s3: S3Server, bucket: ObjectBucket) -> None:
    s3.client.put_object(Bucket=bucket.name, Key=f"{DAY}//abc", Body=b"")
    with pytest.raises(BucketError, match="InvalidKey"):
        bucket.list(f"{DAY}/")
