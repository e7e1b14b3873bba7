"""A bucket on a real S3 server."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bucket import object_bucket as module
from bucket.locations import BucketLocation
from bucket.object_bucket import ObjectBucket
from recordings.errors import BucketDenied, BucketError, BucketWrong, ObjectMissing
from recordings.ports import Bucket
from tests.fakes.rows import FunctionClock
from tests.fakes.s3_server import REGION, SECRET_KEY, S3Server, now, place

FOLDER = "C0123/20261124"
KEYS = [
    "plain.m3u8",
    f"{FOLDER}/abc_call.m3u8",
    f"{FOLDER}/a b.mp4",
    f"{FOLDER}/a+b.mp4",
    f"{FOLDER}/größe-通話.mp4",
    f"{FOLDER}/~tilde~.mp4",
    f"{FOLDER}/(1).mp4",
    f"{FOLDER}/100%.mp4",
    f"{FOLDER}/%41%2F.mp4",
    f"{FOLDER}/{{}}^[]|<>\"'`\\!@$&=;:,*#?.mp4",
    f"{FOLDER}/.hidden",
]


@pytest.fixture
def policed(s3: S3Server, bucket: ObjectBucket) -> Iterator[BucketLocation]:
    """A bucket that only a key with a right signature may use: the one that is yielded."""
    s3.identities.create_user(UserName=bucket.name)
    key = s3.identities.create_access_key(UserName=bucket.name)["AccessKey"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    s3.identities.put_user_policy(UserName=bucket.name, PolicyName="all", PolicyDocument=json.dumps(policy))
    with s3.checking_signatures():
        yield BucketLocation("s3", REGION, bucket.name, key["AccessKeyId"], key["SecretAccessKey"], s3.url)


def keys(bucket: Bucket, prefix: str) -> list[str]:
    return [file.key for file in bucket.list(prefix)]


def test_it_is_called_as_the_bucket_is(bucket: ObjectBucket) -> None:
    port: Bucket = bucket
    assert port.name.startswith("calls-")


@pytest.mark.parametrize("key", KEYS)
def test_any_key_can_be_stored_read_listed_and_removed_under_its_own_name(
    s3: S3Server, bucket: ObjectBucket, key: str
) -> None:
    bucket.put(key, "Länge".encode())
    assert [found["Key"] for found in s3.client.list_objects_v2(Bucket=bucket.name)["Contents"]] == [key]
    assert bucket.text(key) == "Länge"
    assert keys(bucket, key) == keys(bucket, key[:-1]) == [key]
    bucket.delete(key)
    assert keys(bucket, "") == []


@pytest.mark.parametrize("key", KEYS)
def test_the_link_to_any_key_gives_the_object_to_whoever_has_it(bucket: ObjectBucket, key: str) -> None:
    bucket.put(key, b"film")
    with urllib.request.urlopen(bucket.link(key, 60), timeout=5) as answer:  # noqa: S310
        assert answer.read() == b"film"


@pytest.mark.parametrize("key", KEYS)
def test_requests_for_any_key_are_signed_so_that_a_server_that_looks_accepts_them(
    policed: BucketLocation, key: str
) -> None:
    bucket = ObjectBucket(policed, FunctionClock(now))
    bucket.put(key, b"film")
    assert bucket.text(key) == "film"
    # moto checks the query of a listing as it was written, AWS as it was meant: so a plain text.
    assert keys(bucket, "" if key == KEYS[0] else f"{FOLDER}/") == [key]
    bucket.delete(key)


def test_a_key_that_nobody_knows_is_a_wrong_setting(policed: BucketLocation) -> None:
    bucket = ObjectBucket(place(bucket=policed.bucket, endpoint=policed.endpoint), FunctionClock(now))
    for ask in (
        lambda: bucket.list("a"),
        lambda: bucket.text("a"),
        lambda: bucket.put("a", b""),
        lambda: bucket.delete("a"),
    ):
        with pytest.raises(BucketWrong, match=r"^InvalidAccessKeyId: ") as error:
            ask()
        assert error.value.code == "InvalidAccessKeyId"


def test_a_wrong_secret_is_a_wrong_setting(policed: BucketLocation) -> None:
    bucket = ObjectBucket(
        BucketLocation("s3", REGION, policed.bucket, policed.access_key, SECRET_KEY, policed.endpoint),
        FunctionClock(now),
    )
    with pytest.raises(BucketWrong, match=r"^SignatureDoesNotMatch: ") as error:
        bucket.list("a")
    assert policed.access_key not in str(error.value)


def test_a_key_without_a_permission_is_denied(s3: S3Server, policed: BucketLocation) -> None:
    bucket = ObjectBucket(policed, FunctionClock(now))
    bucket.put("a", b"")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}]}
    s3._unchecked_requests(b"inf")
    s3.identities.put_user_policy(UserName=policed.bucket, PolicyName="all", PolicyDocument=json.dumps(policy))
    s3._unchecked_requests(b"0")
    with pytest.raises(BucketDenied, match="AccessDenied"):
        bucket.text("a")
    with pytest.raises(BucketDenied, match="AccessDenied"):
        bucket.list("")


def test_a_bucket_that_is_not_there_is_a_wrong_setting_whatever_is_asked(s3: S3Server) -> None:
    bucket = ObjectBucket(place(bucket="nobodys-bucket", endpoint=s3.url), FunctionClock(now))
    for ask in (
        lambda: bucket.list("a/b"),
        lambda: bucket.text("a"),
        lambda: bucket.put("a", b""),
        lambda: bucket.delete("a"),
    ):
        with pytest.raises(BucketWrong, match=r"^NoSuchBucket: The specified bucket does not exist"):
            ask()


def test_a_text_that_is_not_there_is_missing(bucket: ObjectBucket) -> None:
    with pytest.raises(ObjectMissing) as error:
        bucket.text(f"{FOLDER}/nothing.m3u8")
    assert error.value.code == "NoSuchKey"


def test_removing_what_is_not_there_is_no_error(bucket: ObjectBucket) -> None:
    bucket.delete(f"{FOLDER}/nothing.m3u8")


def test_what_is_stored_again_is_replaced(bucket: ObjectBucket) -> None:
    bucket.put("a", b"old")
    bucket.put("a", b"new")
    assert bucket.text("a") == "new"


def test_a_file_has_its_size_and_the_time_at_which_it_was_stored(bucket: ObjectBucket) -> None:
    bucket.put("a", b"12345")
    (file,) = bucket.list("a")
    assert file.size == 5
    assert abs(file.stored_at - now()) < timedelta(minutes=1)


def test_bytes_that_are_no_text_do_no_harm(bucket: ObjectBucket) -> None:
    bucket.put("a", b"#EXTM3U\n\xff\xfe")
    assert bucket.text("a") == "#EXTM3U\n��"


def test_a_large_object_is_not_read_as_a_text(bucket: ObjectBucket) -> None:
    bucket.put("film", b"0" * (module.LARGEST_TEXT + 1))
    bucket.put("text", b"0" * module.LARGEST_TEXT)
    assert len(bucket.text("text")) == module.LARGEST_TEXT
    with pytest.raises(BucketError, match="TooLarge: 5000001 bytes"):
        bucket.text("film")


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "a/./b", "../a", "a/..", "a\nb", "a\x7fb"])
def test_a_key_that_would_name_another_object_is_refused(bucket: ObjectBucket, key: str) -> None:
    for ask in (
        lambda: bucket.text(key),
        lambda: bucket.put(key, b""),
        lambda: bucket.delete(key),
        lambda: bucket.link(key, 60),
    ):
        with pytest.raises(BucketError, match="InvalidKey"):
            ask()
    assert keys(bucket, "") == []


def test_threads_share_a_bucket(bucket: ObjectBucket) -> None:
    together = threading.Barrier(8)

    def life(number: int) -> str:
        together.wait(5)
        bucket.put(f"{number}/a", str(number).encode())
        assert keys(bucket, f"{number}/") == [f"{number}/a"]
        return bucket.text(f"{number}/a")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(life, range(8))) == [str(number) for number in range(8)]
