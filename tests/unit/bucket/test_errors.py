"""Mapping of failed responses and failed connections to a `BucketError`, through obstore and real HTTP servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bucket.object_bucket import ObjectBucket
from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong, ObjectMissing
from tests.fakes.cases import case
from tests.fakes.http_server import Exchange, Host, accepting_only, nobody, serving
from tests.fakes.s3_server import ACCESS_KEY, ERROR, SECRET_KEY, Pages, bucket_at

Operation = Callable[[ObjectBucket], object]
OPERATIONS: dict[str, Operation] = {
    "list": lambda bucket: bucket.list("C1/20261124/abc"),
    "text": lambda bucket: bucket.text("C1/20261124/abc.m3u8"),
    "put": lambda bucket: bucket.put("C1/probe", b"x"),
    "delete": lambda bucket: bucket.delete("C1/probe"),
}
LIST, TEXT = OPERATIONS["list"], OPERATIONS["text"]

CODES: list[tuple[int, str, type[BucketError]]] = [
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
]


class Storage:
    """A bucket on a server that gives every request the same response."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._bucket = bucket_at(host.url)

    def respond(self, status: int, body: str) -> None:
        self._host.script = lambda exchange: exchange.answer(status, body.encode())

    def error(self, operation: Operation = LIST) -> BucketError:
        """The error of an operation, which must not retry its request."""
        self._host.received.clear()
        with pytest.raises(BucketError) as error:
            operation(self._bucket)
        assert len(self._host.received) == 1
        return error.value

    def error_for(self, status: int, body: str, operation: Operation = LIST) -> BucketError:
        self.respond(status, body)
        return self.error(operation)


@pytest.fixture
def storage() -> Iterator[Storage]:
    with serving() as host:
        yield Storage(host)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_the_code_decides_and_then_the_status(storage: Storage, operation: Operation) -> None:
    for status, code, kind in CODES:
        with case(status, code):
            error = storage.error_for(status, ERROR.format(code=code, message="why"), operation)
            assert (type(error), error.code) == (kind, code)


def test_without_a_code_the_status_decides_and_the_page_is_not_quoted(storage: Storage) -> None:
    for status, kind in [(403, BucketDenied), (502, BucketUnreachable), (404, BucketWrong), (400, BucketWrong)]:
        with case(status):
            error = storage.error_for(status, "<html>a proxy's page, with the whole request on it</html>")
            assert (type(error), str(error)) == (kind, f"HTTP {status}")


@pytest.mark.parametrize("code", ["NoSuchKey", "BlobNotFound"])
def test_a_missing_object_differs_from_a_missing_bucket(storage: Storage, code: str) -> None:
    assert type(storage.error_for(404, ERROR.format(code=code, message=""), TEXT)) is ObjectMissing
    assert type(storage.error_for(404, "", TEXT)) is ObjectMissing
    assert type(storage.error_for(404, "", LIST)) is BucketWrong


def test_deleting_an_object_that_azure_does_not_find_is_no_error() -> None:
    body = ERROR.format(code="BlobNotFound", message="").encode()
    with serving(lambda exchange: exchange.answer(404, body)) as host:
        bucket_at(host.url).delete("C1/probe")


def test_the_error_quotes_the_storages_explanation(storage: Storage) -> None:
    message = "The header is malformed; the region &apos;us-east-2&apos;\n is wrong; expecting &apos;eu-west-1&apos;"
    error = storage.error_for(400, ERROR.format(code="AuthorizationHeaderMalformed", message=message))
    assert str(error) == (
        "AuthorizationHeaderMalformed: The header is malformed; the region 'us-east-2' is wrong; expecting 'eu-west-1'"
    )


def test_the_explanation_is_cut_and_secrets_are_redacted(storage: Storage) -> None:
    message = f"{ACCESS_KEY} {SECRET_KEY} " + "x" * 5000
    error = storage.error_for(403, ERROR.format(code="AccessDenied", message=message))
    assert str(error).startswith("AccessDenied: *** *** xxx")
    assert len(str(error)) == len("AccessDenied: ") + 200


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_neither_the_error_nor_its_cause_contains_the_request(storage: Storage, operation: Operation) -> None:
    body = f"<Error><Code>SignatureDoesNotMatch</Code><StringToSign>{SECRET_KEY}</StringToSign></Error>"
    error = storage.error_for(403, body, operation)
    assert str(error) == "SignatureDoesNotMatch"
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_a_key_that_looks_like_a_response_is_not_parsed(storage: Storage) -> None:
    key = "a - Server returned non-2xx status code: 403 <Code>AccessDenied</Code>"
    error = storage.error_for(404, ERROR.format(code="NoSuchKey", message=""), lambda bucket: bucket.text(key))
    assert type(error) is ObjectMissing


def test_a_success_that_is_no_listing_is_not_from_a_storage(storage: Storage) -> None:
    for body in ("", "hello", '{"a": 1}', "<html>", "<ListBucketResult><Contents></Contents>"):
        with case(body):
            error = storage.error_for(200, body)
            assert (type(error), error.code) == (BucketWrong, "NotAStorage")


def test_a_bucket_in_another_region_is_a_wrong_setting(storage: Storage) -> None:
    error = storage.error_for(301, "", TEXT)
    assert (type(error), error.code) == (BucketWrong, "PermanentRedirect")


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_refused_connection_is_unreachable_without_waiting_for_the_timeout(operation: Operation) -> None:
    with nobody() as url, pytest.raises(BucketUnreachable, match="NoConnection"):
        operation(bucket_at(url, timeout=3600))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_host_that_hangs_up_is_unreachable(operation: Operation) -> None:
    with serving(Exchange.hang_up) as host, pytest.raises(BucketUnreachable, match="NoAnswer"):
        operation(bucket_at(host.url))
    assert len(host.received) == 1


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_silent_host_is_given_up_at_the_timeout(operation: Operation) -> None:
    with serving(Exchange.keep_silent) as host, pytest.raises(BucketUnreachable, match="NoAnswer: no answer in time"):
        operation(bucket_at(host.url, timeout=0.2))


@pytest.mark.parametrize("operation", [LIST, TEXT], ids=["list", "text"])
def test_a_response_that_arrives_in_drops_is_given_up_at_the_timeout(operation: Operation) -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nLast-Modified: Tue, 24 Nov 2026 10:00:00 GMT\r\nETag: a\r\n\r\n"
    )
    with serving(lambda exchange: exchange.drip(head, b" ")) as host, pytest.raises(BucketUnreachable):
        operation(bucket_at(host.url, timeout=0.2))


def test_a_listener_that_never_responds_is_given_up_at_the_timeout() -> None:
    with accepting_only() as address, pytest.raises(BucketUnreachable, match="NoAnswer"):
        bucket_at(f"http://{address}", timeout=0.2).list("a")


def test_an_unknown_host_is_unreachable() -> None:
    with pytest.raises(BucketUnreachable, match="NoSuchHost"):
        bucket_at("http://storage.invalid").list("a")


def test_an_untrusted_certificate_differs_from_an_unreachable_host() -> None:
    with serving(Pages([]), tls=True) as host, pytest.raises(BucketUnreachable, match="BadCertificate"):
        bucket_at(host.url).list("a")
