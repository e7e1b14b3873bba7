"""The simulated bucket believes nobody: keys, signatures and the age of links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import obstore
import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from obstore.store import S3Store

from simulator.bucket import BucketAccount, BucketServer, BucketSimulator, put
from simulator.clock import SystemClock

KEYS = ["plain.mp4", "a b/c  d.mp4", "one+one=two.mp4", "Größe 中文.mp4", "50% ~&?#'()!*.mp4"]


@dataclass
class FastClock(SystemClock):
    """The bucket's clock, seconds ahead of the machine's."""

    ahead: float = 0.0

    def wall(self) -> float:
        return super().wall() + self.ahead


@pytest.fixture(scope="module")
def clock() -> FastClock:
    return FastClock()


@pytest.fixture(scope="module")
def served(clock: FastClock) -> Iterator[BucketSimulator]:
    with BucketServer(BucketSimulator(clock=clock)) as server:
        yield server.simulator


@pytest.fixture
def bucket(served: BucketSimulator, clock: FastClock) -> BucketSimulator:
    clock.ahead = 0.0
    served.reset()
    return served


def credentials(bucket: BucketSimulator) -> tuple[str, str]:
    return bucket.settings["STORAGE_ACCESS_KEY"], bucket.settings["STORAGE_SECRET_KEY"]


def client(bucket: BucketSimulator, access_key: str, secret_key: str, version: str = "s3v4") -> Any:
    config = Config(retries={"total_max_attempts": 1}, signature_version=version)
    keys = {"aws_access_key_id": access_key, "aws_secret_access_key": secret_key}
    return boto3.client("s3", endpoint_url=bucket.url, region_name="eu-west-3", config=config, **keys)


def links(bucket: BucketSimulator, key: str, seconds: int = 60) -> dict[str, str]:
    """A link from each of the libraries that make them."""
    access_key, secret_key = credentials(bucket)
    asked = {"Bucket": bucket.bucket, "Key": key, "ResponseContentDisposition": 'attachment; filename="x y+z.mp4"'}
    store = S3Store(
        bucket.bucket,
        endpoint=bucket.url,
        access_key_id=access_key,
        secret_access_key=secret_key,
        region="us-east-1",
        client_options={"allow_http": True},
    )
    return {
        "botocore": client(bucket, access_key, secret_key).generate_presigned_url("get_object", asked, seconds),
        "obstore": obstore.sign(store, "GET", key, timedelta(seconds=seconds)),
    }


def code(reply: requests.Response) -> str:
    return reply.text.partition("<Code>")[2].partition("</Code>")[0]


def get(link: str) -> requests.Response:
    return requests.get(link, timeout=5)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("library", ["botocore", "obstore"])
def test_a_link_gives_the_file_whatever_its_name(bucket: BucketSimulator, key: str, library: str) -> None:
    bucket.put(key, b"media")
    reply = get(links(bucket, key)[library])
    assert (reply.status_code, reply.content) == (200, b"media")
    assert "Access-Control-Allow-Origin" not in reply.headers
    if library == "botocore":
        assert reply.headers["Content-Disposition"] == 'attachment; filename="x y+z.mp4"'


@pytest.mark.parametrize("library", ["botocore", "obstore"])
@pytest.mark.parametrize(
    ("old", "new"),
    [("a.mp4", "b.mp4"), ("X-Amz-Expires=60", "X-Amz-Expires=61"), ("Signature=", "Signature=0")],
)
def test_a_link_that_was_changed_is_refused(bucket: BucketSimulator, library: str, old: str, new: str) -> None:
    bucket.put("a.mp4", b"")
    bucket.put("b.mp4", b"")
    link = links(bucket, "a.mp4")[library]
    assert get(link).status_code == 200
    changed = get(link.replace(old, new))
    assert (changed.status_code, code(changed)) == (403, "SignatureDoesNotMatch")


def test_a_link_is_good_for_what_it_was_signed_for_alone(bucket: BucketSimulator) -> None:
    bucket.put("a.mp4", b"")
    for link in links(bucket, "a.mp4").values():
        assert code(requests.delete(link, timeout=5)) == "SignatureDoesNotMatch"
        assert code(get(f"{link}&response-content-type=text%2Fhtml")) == "SignatureDoesNotMatch"
    assert bucket.keys() == ["a.mp4"]


@pytest.mark.parametrize("library", ["botocore", "obstore"])
def test_a_link_ends_after_the_time_that_it_names(bucket: BucketSimulator, clock: FastClock, library: str) -> None:
    bucket.put("a.mp4", b"")
    link = links(bucket, "a.mp4", seconds=3600)[library]
    clock.ahead = 3590
    assert get(link).status_code == 200
    clock.ahead = 3601
    late = get(link)
    assert (late.status_code, code(late)) == (403, "AccessDenied")
    assert "Request has expired" in late.text


def test_what_is_wrong_with_a_link_can_be_asked_without_following_it(bucket: BucketSimulator) -> None:
    link = links(bucket, "a.mp4")["botocore"]
    assert bucket.link_problem(link) is None
    assert bucket.link_problem(link, after=70) == "AccessDenied: Request has expired"
    assert str(bucket.link_problem(link, method="PUT")).startswith("SignatureDoesNotMatch")
    assert bucket.requests() == []


def test_no_link_lives_longer_than_a_week(bucket: BucketSimulator) -> None:
    reply = get(links(bucket, "a.mp4", seconds=604_801)["botocore"])
    assert (reply.status_code, code(reply)) == (400, "AuthorizationQueryParametersError")


@pytest.mark.parametrize("library", ["botocore", "obstore"])
def test_a_key_that_is_revoked_takes_its_links_with_it(bucket: BucketSimulator, library: str) -> None:
    access_key, secret_key = credentials(bucket)
    bucket.put("a.mp4", b"")
    link = links(bucket, "a.mp4")[library]
    bucket.revoke(access_key)
    assert code(get(link)) == "InvalidAccessKeyId"
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        client(bucket, access_key, secret_key).list_objects_v2(Bucket=bucket.bucket)
    bucket.accept(access_key, secret_key)
    assert get(link).status_code == 200


def test_a_wrong_secret_is_no_signature(bucket: BucketSimulator) -> None:
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(bucket, credentials(bucket)[0], "wrong").list_objects_v2(Bucket=bucket.bucket)


def test_old_signatures_and_none_at_all_are_refused(bucket: BucketSimulator) -> None:
    asked = {"Bucket": bucket.bucket, "Key": "a.mp4"}
    old = client(bucket, *credentials(bucket), version="s3").generate_presigned_url("get_object", asked)
    assert code(get(old)) == "InvalidRequest"
    assert code(get(f"{bucket.url}/{bucket.bucket}/a.mp4")) == "AccessDenied"


def signed(bucket: BucketSimulator, body: bytes = b"") -> tuple[str, dict[str, str]]:
    """A PUT as botocore signs it."""
    url = f"{bucket.url}/{bucket.bucket}/a.mp4"
    request = AWSRequest("PUT", url, data=body)
    S3SigV4Auth(Credentials(*credentials(bucket)), "s3", "us-east-1").add_auth(request)
    return url, dict(request.headers.items())


def test_another_body_than_the_one_that_was_signed_is_refused(bucket: BucketSimulator) -> None:
    url, headers = signed(bucket, b"one")
    assert requests.put(url, data=b"one", headers=headers, timeout=5).status_code == 200
    assert code(requests.put(url, data=b"two", headers=headers, timeout=5)) == "XAmzContentSHA256Mismatch"


def test_a_signed_request_is_good_for_a_quarter_of_an_hour(bucket: BucketSimulator, clock: FastClock) -> None:
    url, headers = signed(bucket)
    clock.ahead = 16 * 60
    assert code(requests.put(url, headers=headers, timeout=5)) == "RequestTimeTooSkewed"


def test_a_header_of_amazons_that_is_not_signed_is_refused(bucket: BucketSimulator) -> None:
    url, headers = signed(bucket)
    assert code(requests.put(url, headers={**headers, "x-amz-acl": "public-read"}, timeout=5)) == "AccessDenied"


@pytest.mark.parametrize(
    "changes",
    [
        {"Authorization": "AWS4-HMAC-SHA256 nonsense"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0"},
        {"X-Amz-Date": "yesterday"},
    ],
)
def test_a_header_that_can_not_be_read_is_malformed(bucket: BucketSimulator, changes: dict[str, str]) -> None:
    url, headers = signed(bucket)
    reply = requests.put(url, headers={**headers, **changes}, timeout=5)
    assert (reply.status_code, code(reply)) == (400, "AuthorizationHeaderMalformed")


@pytest.mark.parametrize("key", KEYS)
def test_the_recorders_own_upload_arrives_under_its_name(bucket: BucketSimulator, key: str) -> None:
    account = BucketAccount(bucket.bucket, *credentials(bucket))
    assert put(bucket, account, key, b"media") == 200
    assert (bucket.keys(), bucket.get(key)) == ([key], b"media")
    bucket.refuse("SlowDown")
    assert put(bucket, account, key, b"media") == 503
