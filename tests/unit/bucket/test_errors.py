"""What answers and silences of a storage mean."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bucket.object_bucket import ObjectBucket
from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong, ObjectMissing
from tests.fakes.http_server import Exchange, accepting_only, nobody, serving
from tests.fakes.s3_server import ACCESS_KEY, ERROR, SECRET_KEY, Pages, bucket_at

ASK: list[Callable[[ObjectBucket], object]] = [
    lambda bucket: bucket.list("C1/20261124/abc"),
    lambda bucket: bucket.text("C1/20261124/abc.m3u8"),
    lambda bucket: bucket.put("C1/probe", b"x"),
    lambda bucket: bucket.delete("C1/probe"),
]


def error_of(status: int, body: str, ask: Callable[[ObjectBucket], object] = ASK[0], **headers: str) -> BucketError:
    with (
        serving(lambda exchange: exchange.answer(status, body.encode(), **headers)) as host,
        pytest.raises(BucketError) as error,
    ):
        ask(bucket_at(host.url))
    assert len(host.received) == 1, "asked more than once"
    return error.value


@pytest.mark.parametrize("ask", ASK)
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccessDenied", BucketDenied),
        (403, "AllAccessDisabled", BucketDenied),
        (403, "AuthorizationPermissionMismatch", BucketDenied),
        (403, "UserDisable", BucketDenied),
        (403, "InvalidAccessKeyId", BucketWrong),
        (403, "SignatureDoesNotMatch", BucketWrong),
        (403, "AuthenticationFailed", BucketWrong),
        (403, "RequestTimeTooSkewed", BucketWrong),
        (400, "AuthorizationHeaderMalformed", BucketWrong),
        (400, "InvalidBucketName", BucketWrong),
        (400, "SomethingNew", BucketWrong),
        (401, "NoAuthenticationInformation", BucketWrong),
        (301, "PermanentRedirect", BucketWrong),
        (404, "NoSuchBucket", BucketWrong),
        (404, "ContainerNotFound", BucketWrong),
        (500, "InternalError", BucketUnreachable),
        (503, "SlowDown", BucketUnreachable),
        (503, "ServerBusy", BucketUnreachable),
        (429, "TooManyRequests", BucketUnreachable),
        (400, "RequestTimeout", BucketUnreachable),
        (405, "MethodNotAllowed", BucketError),
        (409, "OperationAborted", BucketError),
        (412, "PreconditionFailed", BucketError),
    ],
)
def test_the_code_decides_and_then_the_status(
    ask: Callable[[ObjectBucket], object], status: int, code: str, kind: type[BucketError]
) -> None:
    error = error_of(status, ERROR.format(code=code, message="why"), ask)
    assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize(
    ("status", "kind"), [(403, BucketDenied), (502, BucketUnreachable), (404, BucketWrong), (400, BucketWrong)]
)
def test_without_a_code_the_status_decides_and_the_page_is_not_quoted(status: int, kind: type[BucketError]) -> None:
    error = error_of(status, "<html>a proxy's page, with the whole request on it</html>")
    assert (type(error), str(error)) == (kind, f"HTTP {status}")


@pytest.mark.parametrize("code", ["NoSuchKey", "BlobNotFound"])
def test_a_missing_object_is_told_from_a_missing_bucket(code: str) -> None:
    assert type(error_of(404, ERROR.format(code=code, message=""), ASK[1])) is ObjectMissing
    assert type(error_of(404, "", ASK[1])) is ObjectMissing
    assert type(error_of(404, "", ASK[0])) is BucketWrong


def test_removing_what_azure_does_not_find_is_no_error() -> None:
    body = ERROR.format(code="BlobNotFound", message="").encode()
    with serving(lambda exchange: exchange.answer(404, body)) as host:
        bucket_at(host.url).delete("C1/probe")


def test_the_storage_says_in_its_own_words_why() -> None:
    message = "The header is malformed; the region &apos;us-east-2&apos;\n is wrong; expecting &apos;eu-west-1&apos;"
    error = error_of(400, ERROR.format(code="AuthorizationHeaderMalformed", message=message))
    assert str(error) == (
        "AuthorizationHeaderMalformed: The header is malformed; the region 'us-east-2' is wrong; expecting 'eu-west-1'"
    )


def test_long_words_are_cut_and_secrets_taken_out() -> None:
    error = error_of(403, ERROR.format(code="AccessDenied", message=f"{ACCESS_KEY} {SECRET_KEY} " + "x" * 5000))
    assert str(error).startswith("AccessDenied: *** *** xxx")
    assert len(str(error)) == len("AccessDenied: ") + 200


@pytest.mark.parametrize("ask", ASK)
def test_nothing_of_the_request_is_in_the_error_or_behind_it(ask: Callable[[ObjectBucket], object]) -> None:
    body = f"<Error><Code>SignatureDoesNotMatch</Code><StringToSign>{SECRET_KEY}</StringToSign></Error>"
    error = error_of(403, body, ask)
    assert str(error) == "SignatureDoesNotMatch"
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_a_key_that_looks_like_an_answer_is_none() -> None:
    key = "a - Server returned non-2xx status code: 403 <Code>AccessDenied</Code>"
    error = error_of(404, ERROR.format(code="NoSuchKey", message=""), lambda bucket: bucket.text(key))
    assert type(error) is ObjectMissing


@pytest.mark.parametrize("body", ["", "hello", '{"a": 1}', "<html>", "<ListBucketResult><Contents></Contents>"])
def test_an_answer_that_is_no_listing_means_that_there_is_no_storage(body: str) -> None:
    error = error_of(200, body)
    assert (type(error), error.code) == (BucketWrong, "NotAStorage")


def test_a_bucket_of_another_region_is_a_wrong_setting() -> None:
    error = error_of(301, "", ASK[1])
    assert (type(error), error.code) == (BucketWrong, "PermanentRedirect")


@pytest.mark.parametrize("ask", ASK)
def test_a_connection_that_is_refused_is_told_at_once(ask: Callable[[ObjectBucket], object]) -> None:
    begun = time.monotonic()
    with nobody() as url, pytest.raises(BucketUnreachable, match="NoConnection"):
        ask(bucket_at(url))
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("ask", ASK)
def test_a_host_that_hangs_up_is_unreachable(ask: Callable[[ObjectBucket], object]) -> None:
    with serving(Exchange.hang_up) as host, pytest.raises(BucketUnreachable, match="NoAnswer"):
        ask(bucket_at(host.url))
    assert len(host.received) == 1


@pytest.mark.parametrize("ask", ASK)
def test_a_host_that_keeps_silent_is_given_up_in_time(ask: Callable[[ObjectBucket], object]) -> None:
    begun = time.monotonic()
    with serving(Exchange.keep_silent) as host, pytest.raises(BucketUnreachable, match="NoAnswer: no answer in time"):
        ask(bucket_at(host.url, seconds=0.2))
    assert time.monotonic() - begun < 2


def test_an_answer_that_comes_in_drops_is_given_up_in_time() -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nLast-Modified: Tue, 24 Nov 2026 10:00:00 GMT\r\nETag: a\r\n\r\n"
    )
    begun = time.monotonic()
    for ask in ASK[:2]:
        with serving(lambda exchange: exchange.drip(head, b" ")) as host, pytest.raises(BucketUnreachable):
            ask(bucket_at(host.url, seconds=0.2))
    assert time.monotonic() - begun < 3


def test_a_port_where_nothing_is_ever_said_is_given_up_in_time() -> None:
    with accepting_only() as address, pytest.raises(BucketUnreachable, match="NoAnswer"):
        bucket_at(f"http://{address}", seconds=0.2).list("a")


def test_a_host_without_an_address_is_unreachable() -> None:
    with pytest.raises(BucketUnreachable, match="NoSuchHost"):
        bucket_at("http://storage.invalid").list("a")


def test_a_certificate_of_another_authority_is_told_from_a_dead_host() -> None:
    with serving(Pages([]), tls=True) as host, pytest.raises(BucketUnreachable, match="BadCertificate"):
        bucket_at(host.url).list("a")
