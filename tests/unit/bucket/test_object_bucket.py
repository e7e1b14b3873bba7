"""ObjectBucket on a real S3 server."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest

from bucket.locations import BucketLocation
from bucket.object_bucket import MAX_TEXT_BYTES, ObjectBucket
from recordings.errors import BucketDenied, BucketError, BucketWrong, ObjectMissing
from recordings.ports import Bucket
from tests.fakes.cases import case
from tests.fakes.rows import FunctionClock
from tests.fakes.s3_server import REGION, SECRET_KEY, S3Server, location, now

# One process imports boto3 and moto and starts the S3 server.
pytestmark = pytest.mark.xdist_group("s3")

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
def checked_location(s3: S3Server, bucket: ObjectBucket) -> Iterator[BucketLocation]:
    """A location with a valid key, on a server that checks keys, signatures and permissions."""
    s3.identities.create_user(UserName=bucket.name)
    key = s3.identities.create_access_key(UserName=bucket.name)["AccessKey"]
    set_policy(s3, bucket.name, "Allow", "s3:*")
    with s3.checking_signatures():
        yield BucketLocation("s3", REGION, bucket.name, key["AccessKeyId"], key["SecretAccessKey"], s3.url)


def set_policy(s3: S3Server, user: str, effect: str, action: str) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]}
    s3.identities.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=json.dumps(policy))


def operations(bucket: Bucket, key: str) -> list[Callable[[], object]]:
    """Each operation that addresses an object."""
    return [lambda: bucket.text(key), lambda: bucket.put(key, b""), lambda: bucket.delete(key)]


def keys(bucket: Bucket, prefix: str) -> list[str]:
    return [file.key for file in bucket.list(prefix)]


def test_it_implements_the_port(bucket: ObjectBucket) -> None:
    port: Bucket = bucket

    assert port.name.startswith("calls-")


@pytest.mark.parametrize("key", KEYS)
def test_any_key_can_be_stored_read_listed_and_deleted(s3: S3Server, bucket: ObjectBucket, key: str) -> None:
    bucket.put(key, "Länge".encode())
    assert [entry["Key"] for entry in s3.client.list_objects_v2(Bucket=bucket.name)["Contents"]] == [key]
    assert bucket.text(key) == "Länge"
    assert keys(bucket, key) == keys(bucket, key[:-1]) == [key]
    bucket.delete(key)
    assert keys(bucket, "") == []


@pytest.mark.parametrize("key", KEYS)
def test_the_link_to_any_key_downloads_the_object(bucket: ObjectBucket, key: str) -> None:
    bucket.put(key, b"film")
    with urllib.request.urlopen(bucket.link(key, 60), timeout=60) as response:  # noqa: S310
        assert response.read() == b"film"


@pytest.mark.parametrize("key", KEYS)
def test_requests_for_any_key_have_a_valid_signature(checked_location: BucketLocation, key: str) -> None:
    bucket = ObjectBucket(checked_location, FunctionClock(now))
    bucket.put(key, b"film")
    assert bucket.text(key) == "film"
    # moto verifies the encoded query of a listing, AWS the decoded one, so this prefix needs no encoding.
    assert keys(bucket, "" if key == KEYS[0] else f"{FOLDER}/") == [key]
    bucket.delete(key)


def test_an_unknown_access_key_is_a_wrong_setting(checked_location: BucketLocation) -> None:
    bucket = ObjectBucket(
        location(bucket=checked_location.bucket, endpoint=checked_location.endpoint), FunctionClock(now)
    )
    for call in (lambda: bucket.list("a"), *operations(bucket, "a")):
        with pytest.raises(BucketWrong, match=r"^InvalidAccessKeyId: ") as error:
            call()
        assert error.value.code == "InvalidAccessKeyId"


def test_a_wrong_secret_key_is_a_wrong_setting(checked_location: BucketLocation) -> None:
    bucket = ObjectBucket(
        BucketLocation(
            "s3", REGION, checked_location.bucket, checked_location.access_key, SECRET_KEY, checked_location.endpoint
        ),
        FunctionClock(now),
    )
    with pytest.raises(BucketWrong, match=r"^SignatureDoesNotMatch: ") as error:
        bucket.list("a")
    assert checked_location.access_key not in str(error.value)


def test_an_access_key_without_permission_is_denied(s3: S3Server, checked_location: BucketLocation) -> None:
    bucket = ObjectBucket(checked_location, FunctionClock(now))
    bucket.put("a", b"")
    with s3.unchecked():
        set_policy(s3, checked_location.bucket, "Deny", "s3:Get*")
    with pytest.raises(BucketDenied, match="AccessDenied"):
        bucket.text("a")
    with pytest.raises(BucketDenied, match="AccessDenied"):
        bucket.list("")


def test_a_missing_bucket_is_a_wrong_setting_in_every_operation(s3: S3Server) -> None:
    bucket = ObjectBucket(location(bucket="nobodys-bucket", endpoint=s3.url), FunctionClock(now))
    for call in (lambda: bucket.list("a/b"), *operations(bucket, "a")):
        with pytest.raises(BucketWrong, match=r"^NoSuchBucket: The specified bucket does not exist"):
            call()


def test_reading_a_missing_object_raises_object_missing(bucket: ObjectBucket) -> None:
    with pytest.raises(ObjectMissing) as error:
        bucket.text(f"{FOLDER}/nothing.m3u8")
    assert error.value.code == "NoSuchKey"


def test_deleting_a_missing_object_is_no_error(bucket: ObjectBucket) -> None:
    bucket.delete(f"{FOLDER}/nothing.m3u8")


def test_putting_a_key_again_replaces_the_object(bucket: ObjectBucket) -> None:
    bucket.put("a", b"old")
    bucket.put("a", b"new")
    assert bucket.text("a") == "new"


def test_a_listed_file_has_its_size_and_storage_time(bucket: ObjectBucket) -> None:
    second = timedelta(seconds=1)
    before = now() - second  # S3 has a resolution of one second.
    bucket.put("a", b"12345")
    (file,) = bucket.list("a")

    assert file.size == 5
    assert before <= file.stored_at <= now() + second


def test_invalid_utf8_is_replaced(bucket: ObjectBucket) -> None:
    bucket.put("a", b"#EXTM3U\n\xff\xfe")
    assert bucket.text("a") == "#EXTM3U\n��"


def test_an_object_that_is_too_large_is_not_read(bucket: ObjectBucket) -> None:
    bucket.put("film", b"0" * (MAX_TEXT_BYTES + 1))
    bucket.put("text", b"0" * MAX_TEXT_BYTES)
    assert len(bucket.text("text")) == MAX_TEXT_BYTES
    with pytest.raises(BucketError, match="TooLarge: 5000001 bytes"):
        bucket.text("film")


def test_a_key_that_would_address_another_object_is_rejected(bucket: ObjectBucket) -> None:
    for key in ("", "/a", "a/", "a//b", "a/./b", "../a", "a/..", "a\nb", "a\x7fb"):
        calls: list[Callable[[], object]] = [*operations(bucket, key), partial(bucket.link, key, 60)]
        for call in calls:
            with case(key), pytest.raises(BucketError, match="InvalidKey"):
                call()
    assert keys(bucket, "") == []


def test_threads_can_share_a_bucket(bucket: ObjectBucket) -> None:
    barrier = threading.Barrier(8, timeout=60)

    def put_list_and_read(number: int) -> str:
        barrier.wait()
        bucket.put(f"{number}/a", str(number).encode())
        assert keys(bucket, f"{number}/") == [f"{number}/a"]
        return bucket.text(f"{number}/a")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(put_list_and_read, range(8))) == [str(number) for number in range(8)]
