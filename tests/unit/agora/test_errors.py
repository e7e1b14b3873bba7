"""Which error an answer is."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora.errors import REASON_LENGTH, error_for
from recordings.errors import (
    AccountInactive,
    AgoraError,
    AlreadyStarted,
    Leaving,
    NotFound,
    NothingRecorded,
    NotRouted,
    NoWorker,
    Overloaded,
    RateLimited,
    Rejected,
    ServerFault,
    TaskConflict,
    Unauthorized,
    Unfinished,
)

OPERATIONS = ("acquire", "start", "query", "stop", "users", "throw_out")
RECORDER_CALLS = ("query", "stop")


def of(operation: str, status: int, /, **fields: object) -> AgoraError:
    return error_for(operation, status, json.dumps(fields).encode(), {})


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("status", "fields", "kind"),
    [
        (400, {"code": 400, "reason": "invalid_appid"}, Unauthorized),
        (400, {"message": "appid is invalid"}, Unauthorized),
        (400, {"message": "invalid appid"}, Unauthorized),
        (401, {"message": "Invalid authentication credentials"}, Unauthorized),
        (401, {}, Unauthorized),
        (400, {"code": 2, "reason": "Acquire: invalid resourceExpiredHour value!"}, Rejected),
        (400, {}, Rejected),
        (403, {"message": "forbidden"}, Rejected),
        (415, {}, Rejected),
        (404, {"message": "no Route matched with those values"}, NotRouted),
        (404, {"code": 404, "reason": "failed to find worker"}, NotFound),
        (404, {"code": "404"}, NotFound),
        (404, {"code": 40}, NotRouted),
        (408, {}, Unfinished),
        (429, {"message": "API rate limit exceeded"}, RateLimited),
        (500, {"code": 500, "reason": "internal_error"}, ServerFault),
        (502, {}, ServerFault),
        (503, {}, ServerFault),
        (504, {"code": 62, "reason": "request timeout"}, Unfinished),
        (504, {}, ServerFault),
        (206, {"code": 65, "reason": "request not completed"}, Unfinished),
        (206, {}, Unfinished),
        (201, {}, Unfinished),
        (202, {}, NotRouted),
        (204, {}, NotRouted),
        (301, {}, NotRouted),
        (307, {}, NotRouted),
    ],
)
def test_means_the_same_for_every_call(
    operation: str, status: int, fields: dict[str, object], kind: type[AgoraError]
) -> None:
    assert type(of(operation, status, **fields)) is kind


@pytest.mark.parametrize(
    ("operation", "status", "code", "kind"),
    [
        ("acquire", 400, 401, Rejected),
        ("acquire", 400, 405, AccountInactive),
        ("acquire", 400, 406, Overloaded),
        ("acquire", 500, 500, ServerFault),
        ("acquire", 500, 501, ServerFault),
        ("acquire", 500, 504, ServerFault),
        ("start", 201, 7, AlreadyStarted),
        ("start", 206, 65, Unfinished),
        ("start", 400, 53, TaskConflict),
        ("start", 500, 502, NoWorker),
        ("start", 500, 62, Unfinished),
        ("start", 400, 49, Rejected),
        ("query", 206, 65, Unfinished),
        ("query", 206, 435, Unfinished),
        ("query", 400, 49, Rejected),
        ("stop", 206, 435, NothingRecorded),
        ("stop", 400, 49, Leaving),
        ("stop", 400, 53, Rejected),
        ("query", 500, 502, ServerFault),
    ],
)
def test_means_what_agora_documents_for_this_call(
    operation: str, status: int, code: int, kind: type[AgoraError]
) -> None:
    error = of(operation, status, code=code, reason="said so")

    assert type(error) is kind
    assert (error.http_status, error.code, error.reason) == (status, code, "said so")


def test_a_code_may_come_as_a_string() -> None:
    assert type(of("stop", 206, code="435")) is NothingRecorded


def test_an_already_started_recorder_keeps_the_sid_where_agora_names_it() -> None:
    named, unnamed = of("start", 201, code=7, sid="38f8e3cf"), of("start", 201, code=7)

    assert isinstance(named, AlreadyStarted)
    assert isinstance(unnamed, AlreadyStarted)
    assert (named.sid, unnamed.sid) == ("38f8e3cf", None)


@pytest.mark.parametrize("body", [b"", b"<html>Not Found</html>", b"[404]", b"404", b'{"code": 404', b"\xff\xfe"])
def test_a_404_whose_body_is_not_agoras_says_nothing_of_the_recording(body: bytes) -> None:
    assert type(error_for("query", 404, body, {})) is NotRouted


def test_a_page_of_something_in_between_is_not_quoted() -> None:
    error = error_for("start", 502, b"<html>you sent: Authorization: Basic c2VjcmV0</html>", {})

    assert error.reason == "HTTP 502: an answer that is not Agora's"


def test_agoras_words_are_kept_within_bounds_and_without_control_characters() -> None:
    error = of("start", 400, code=2, reason="bad\x00 \x1b[31mvalue\n\u202e" + "x" * 1000)

    assert error.reason.startswith("bad [31mvaluex")
    assert len(error.reason) == REASON_LENGTH
    assert error.reason.isprintable()


def test_a_secret_that_agora_repeats_goes_no_further() -> None:
    body = json.dumps({"code": 2, "reason": "x" * 290 + " bad secretKey the/secret+key"}).encode()

    error = error_for("start", 400, body, {}, hide=("", "the/secret+key"))

    assert "the/" not in str(error)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Wed, 17 Jun 2026 11:42:30 GMT", 30.0),
        ("Wed, 17 Jun 2026 11:42:30 -0000", 30.0),
        ("Wed, 17 Jun 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_understood_as_seconds_or_as_a_date(status: int, given: str, seconds: float | None) -> None:
    now = datetime(2026, 6, 17, 11, 42, tzinfo=UTC)

    error = error_for("query", status, b"{}", {"retry-after": given}, now=now)

    assert error.retry_after == seconds


def test_without_retry_after_there_is_none() -> None:
    assert of("query", 429).retry_after is None


@given(
    st.sampled_from(OPERATIONS),
    st.integers(100, 599).filter(lambda status: status != 200),
    st.one_of(
        st.binary(),
        st.builds(
            lambda reason, code: json.dumps({"reason": reason, "code": code}).encode(),
            st.text(),
            st.one_of(st.integers(), st.text(), st.none(), st.booleans()),
        ),
    ),
    st.dictionaries(st.sampled_from(["Retry-After", "X"]), st.text()),
)
def test_every_answer_is_some_error(operation: str, status: int, body: bytes, headers: dict[str, str]) -> None:
    error = error_for(operation, status, body, headers)

    assert error.http_status == status
    assert str(error).isprintable()
    assert error.retry_after is None or error.retry_after >= 0
