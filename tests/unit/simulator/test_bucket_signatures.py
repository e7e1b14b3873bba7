"""The simulated bucket checks keys, signatures and the age of links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from simulator.bucket import BucketAccount, BucketServer, BucketSimulator, put
from simulator.clock import SystemClock
from tests.unit.simulator.s3_clients import credentials, links, refused, s3_client, signed_put

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


def code(reply: requests.Response) -> str:
    return reply.text.partition("<Code>")[2].partition("</Code>")[0]


def get(link: str) -> requests.Response:
    return requests.get(link, timeout=5)


def test_a_link_gives_the_file_whatever_its_name(bucket: BucketSimulator) -> None:
    for key in KEYS:
        bucket.put(key, b"media")
        for library, link in links(bucket, key).items():
            reply = get(link)
            assert (reply.status_code, reply.content) == (200, b"media")
            assert "Access-Control-Allow-Origin" not in reply.headers
            if library == "botocore":
                assert reply.headers["Content-Disposition"] == 'attachment; filename="x y+z.mp4"'


def test_a_link_that_was_changed_is_refused(bucket: BucketSimulator) -> None:
    bucket.put("a.mp4", b"")
    bucket.put("b.mp4", b"")
    changes = [("a.mp4", "b.mp4"), ("X-Amz-Expires=60", "X-Amz-Expires=61"), ("Signature=", "Signature=0")]
    for link in links(bucket, "a.mp4").values():
        assert get(link).status_code == 200
        for old, new in changes:
            changed = get(link.replace(old, new))
            assert (changed.status_code, code(changed)) == (403, "SignatureDoesNotMatch")


def test_a_link_is_valid_for_its_method_and_query_only(bucket: BucketSimulator) -> None:
    bucket.put("a.mp4", b"")
    for link in links(bucket, "a.mp4").values():
        assert code(requests.delete(link, timeout=5)) == "SignatureDoesNotMatch"
        assert code(get(f"{link}&response-content-type=text%2Fhtml")) == "SignatureDoesNotMatch"
    assert bucket.keys() == ["a.mp4"]


def test_a_link_expires_after_the_time_that_it_names(bucket: BucketSimulator, clock: FastClock) -> None:
    bucket.put("a.mp4", b"")
    for link in links(bucket, "a.mp4", seconds=3600).values():
        clock.ahead = 3590
        assert get(link).status_code == 200
        clock.ahead = 3601
        late = get(link)
        assert (late.status_code, code(late)) == (403, "AccessDenied")
        assert "Request has expired" in late.text


def test_a_links_problem_is_known_without_a_request(bucket: BucketSimulator) -> None:
    link = links(bucket, "a.mp4")["botocore"]
    assert bucket.link_problem(link) is None
    assert bucket.link_problem(link, after=70) == "AccessDenied: Request has expired"
    assert str(bucket.link_problem(link, method="PUT")).startswith("SignatureDoesNotMatch")
    assert bucket.requests() == []


def test_no_link_lives_longer_than_a_week(bucket: BucketSimulator) -> None:
    reply = get(links(bucket, "a.mp4", seconds=604_801)["botocore"])
    assert (reply.status_code, code(reply)) == (400, "AuthorizationQueryParametersError")


def test_a_revoked_key_makes_its_links_invalid(bucket: BucketSimulator) -> None:
    access_key, secret_key = credentials(bucket)
    bucket.put("a.mp4", b"")
    signed_links = links(bucket, "a.mp4").values()
    bucket.revoke(access_key)
    assert [code(get(link)) for link in signed_links] == ["InvalidAccessKeyId"] * 2
    assert refused(bucket, "list_objects_v2") == (403, "InvalidAccessKeyId")
    bucket.accept(access_key, secret_key)
    assert [get(link).status_code for link in signed_links] == [200, 200]


def test_a_wrong_secret_is_refused(bucket: BucketSimulator) -> None:
    wrong = s3_client(bucket, (credentials(bucket)[0], "wrong"))
    assert refused(bucket, "list_objects_v2", wrong) == (403, "SignatureDoesNotMatch")


def test_old_and_missing_signatures_are_refused(bucket: BucketSimulator) -> None:
    asked = {"Bucket": bucket.bucket, "Key": "a.mp4"}
    old = s3_client(bucket, version="s3").generate_presigned_url("get_object", asked)
    assert code(get(old)) == "InvalidRequest"
    assert code(get(f"{bucket.url}/{bucket.bucket}/a.mp4")) == "AccessDenied"


def test_another_body_than_the_one_that_was_signed_is_refused(bucket: BucketSimulator) -> None:
    url, headers = signed_put(bucket, b"one")
    assert requests.put(url, data=b"one", headers=headers, timeout=5).status_code == 200
    assert code(requests.put(url, data=b"two", headers=headers, timeout=5)) == "XAmzContentSHA256Mismatch"


def test_a_signed_request_is_valid_for_fifteen_minutes(bucket: BucketSimulator, clock: FastClock) -> None:
    url, headers = signed_put(bucket)
    clock.ahead = 16 * 60
    assert code(requests.put(url, headers=headers, timeout=5)) == "RequestTimeTooSkewed"


def test_an_unsigned_amz_header_is_refused(bucket: BucketSimulator) -> None:
    url, headers = signed_put(bucket)
    assert code(requests.put(url, headers={**headers, "x-amz-acl": "public-read"}, timeout=5)) == "AccessDenied"


def test_an_unreadable_header_is_malformed(bucket: BucketSimulator) -> None:
    cases: list[dict[str, str]] = [
        {"Authorization": "AWS4-HMAC-SHA256 nonsense"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0"},
        {"X-Amz-Date": "yesterday"},
    ]
    for changes in cases:
        url, headers = signed_put(bucket)
        reply = requests.put(url, headers={**headers, **changes}, timeout=5)
        assert (reply.status_code, code(reply)) == (400, "AuthorizationHeaderMalformed")


def test_an_upload_of_the_recorder_arrives_under_its_key(bucket: BucketSimulator) -> None:
    account = BucketAccount(bucket.bucket, *credentials(bucket))
    for key in KEYS:
        assert put(bucket, account, key, b"media") == 200
        assert bucket.get(key) == b"media"
    assert bucket.keys() == sorted(KEYS)
    bucket.refuse("SlowDown")
    assert put(bucket, account, key, b"media") == 503
