"""Verification and parsing of Agora's notifications."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora.notifications import has_valid_signature, read
from recordings.errors import MalformedNotification
from recordings.model.notifications import Ignored, Notification, NotificationEvent
from tests.fakes.agora_notifications import SENT_MS, a_notification, as_body
from tests.fakes.cases import case
from tests.fakes.rows import NOW, UID, at
from tests.unit.agora.test_responses import JSON

LATER = at(60)
STARTED_MS, BROKEN_MS = SENT_MS - 60_000, SENT_MS - 90_000

STREAM = {"streamUid": "1000", "state": 1, "UtcMs": STARTED_MS}
FILES = [{"fileName": "a_0.mp4", "uid": "0"}, {"fileName": "a.m3u8", "isPlayable": True}]

# Body, secret and both signatures are from Agora's documentation (broadcast-streaming-private-product/reference/
# _signature-verification). Newer pages show the same signatures, but lack a field of the body.
SIGNED_BODY = (
    b'{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f","notifyMs":1560408533119,'
    b'"payload":{"a":"1","b":2},"productId":1}'
)
SHA1 = "033c62f40f687675f17f0f41f91a40c71c0f134c"
SHA256 = "6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99"


def ms(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def parsed(notification: object) -> Notification:
    result = read(as_body(notification), LATER)
    assert isinstance(result, Notification)
    return result


def parsed_details(event: int, details: object) -> dict[str, Any]:
    """The fields of the parsed notification that come from its details."""
    notification = parsed(a_notification(event, details=details))
    fields = {name: getattr(notification, name) for name in Notification.__dataclass_fields__}
    common = {"id", "event", "agora_channel", "uid", "sid", "sequence", "sent_at", "received_at"}
    return {name: value for name, value in fields.items() if name not in common and value not in (None, (), "")}


@pytest.mark.parametrize(
    ("v1", "v2", "valid"),
    [
        (SHA1, SHA256, True),
        (None, SHA256, True),
        (SHA1, None, True),
        (SHA1.upper(), SHA256.upper(), True),
        ("0" * 40, SHA256, True),
        (SHA1, "0" * 64, False),
        (SHA1, "", False),
        (SHA1, SHA1, False),
        (SHA256, None, False),
        (None, None, False),
        ("", "", False),
        (SHA1[:-1], SHA256[:-1], False),
        (None, f" {SHA256}", False),
        ("ü" * 40, None, False),
        (None, "\udcff", False),
    ],
)
def test_the_sha256_signature_decides_and_sha1_only_without_it(v1: str | None, v2: str | None, valid: bool) -> None:
    assert has_valid_signature("secret", SIGNED_BODY, v1, v2) is valid


def test_a_signature_is_invalid_for_another_secret_or_body() -> None:
    for secret, body in [("Secret", SIGNED_BODY), ("secret", SIGNED_BODY + b" "), ("secret", b""), ("", SIGNED_BODY)]:
        with case(secret, body):
            assert not has_valid_signature(secret, body, SHA1, SHA256)
            assert not has_valid_signature(secret, body, SHA1, None)


def test_without_a_secret_no_signature_is_valid() -> None:
    signature_of_nothing = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"

    assert not has_valid_signature("", b"", None, signature_of_nothing)


@given(st.binary(max_size=50), st.none() | st.text(), st.none() | st.text())
def test_no_header_makes_verification_fail(body: bytes, v1: str | None, v2: str | None) -> None:
    assert has_valid_signature("secret", body, v1, v2) is False


def test_a_notification_has_its_recorder_and_its_times() -> None:
    assert parsed(a_notification(40, details={"msgName": "recorder_started", "status": 0})) == Notification(
        id="2000001428:4330:107",
        event=NotificationEvent.STARTED,
        agora_channel="daily",
        uid=UID,
        sid="SID",
        sequence=3,
        sent_at=at(0.123),
        received_at=LATER,
        code=0,
    )


@pytest.mark.parametrize(
    ("event", "details", "fields"),
    [
        (
            1,
            {"module": 1, "errorLevel": 5, "errorCode": 47, "stat": 1, "errorMsg": "upload\nfailed"},
            {"module": 1, "level": 5, "code": 47, "words": "upload failed"},
        ),
        (2, {"module": 1, "warnCode": 31}, {"module": 1, "code": 31}),
        (4, {"fileList": "SID_daily.m3u8"}, {"files": ("SID_daily.m3u8",)}),
        (11, {"exitStatus": 1}, {"code": 1}),
        (12, {"newUid": 4_294_967_295}, {"new_uid": 4_294_967_295}),
        (31, {"status": 0, "fileList": FILES}, {"code": 0, "files": ("a_0.mp4", "a.m3u8")}),
        (32, {"status": 0, "fileList": FILES}, {"code": 0, "files": ("a_0.mp4", "a.m3u8")}),
        (31, {"status": 0}, {"code": 0}),
        (33, {"progress": 10_000}, {"code": 10_000}),
        (40, {"status": 1}, {"code": 1}),
        (41, {"leaveCode": 6}, {"code": 6}),
        (
            42,
            {"startUtcMs": STARTED_MS, "discontinueUtcMs": BROKEN_MS, "streamUid": "0", "trackType": "audio"},
            {"begun_at": ms(STARTED_MS), "lost_from": ms(BROKEN_MS), "stream_uid": 0},
        ),
        (43, STREAM, {"code": 1, "stream_uid": 1000, "begun_at": ms(STARTED_MS)}),
        (44, STREAM | {"state": 0, "streamUid": 0}, {"code": 0, "stream_uid": 0, "begun_at": ms(STARTED_MS)}),
    ],
)
def test_each_event_has_its_documented_details(event: int, details: object, fields: dict[str, Any]) -> None:
    assert parsed_details(event, details) == fields


UNREADABLE_DETAILS: list[Any] = [
    *(None, "x", [], {}, {"msgName": "new_words", "more": {"and": "more"}}),
    {"errorCode": "many", "warnCode": True, "exitStatus": -1, "leaveCode": 2**31, "progress": 10_001, "state": 2},
    {"status": 1.5, "module": None, "errorLevel": 6, "newUid": 0, "streamUid": 2**32, "errorMsg": ["x"]},
    {"errorMsg": "\x00\u202e", "startUtcMs": 10**18, "discontinueUtcMs": -1, "UtcMs": "yesterday"},
    {"fileList": [{"fileName": "x" * 2000}, {"fileName": "a\x00b"}, {"fileName": 7}, "x", None]},
    {"fileList": {"fileName": "x"}},
]


def test_unreadable_details_are_left_out() -> None:
    for event in NotificationEvent:
        for details in UNREADABLE_DETAILS:
            with case(event, details):
                assert parsed_details(event, details) == {}


def test_details_of_another_event_are_left_out() -> None:
    other_events = {
        "errorMsg": "x",
        "newUid": 7,
        "fileList": "a.m3u8",
        "streamUid": 1,
        "UtcMs": STARTED_MS,
        "module": 1,
    }
    assert parsed_details(11, {"exitStatus": 0, **other_events}) == {"code": 0}


def test_a_long_explanation_is_cut() -> None:
    assert len(parsed_details(1, {"errorMsg": "x " * 5000})["words"]) == 500


@pytest.mark.parametrize(
    ("payload", "envelope", "sent_at"),
    [
        ({"sendts": ...}, {}, at(1.123)),
        ({"sendts": 10**20}, {}, at(1.123)),
        ({"sendts": 1_781_696_520}, {}, at(1.123)),
        ({"sendts": -1}, {"notifyMs": ...}, LATER),
        ({"sendts": "soon"}, {"notifyMs": {}}, LATER),
        ({"sendts": str(SENT_MS)}, {"notifyMs": ...}, at(0.123)),
    ],
)
def test_an_invalid_time_is_replaced_by_the_next_best(
    payload: dict[str, Any], envelope: dict[str, Any], sent_at: datetime
) -> None:
    assert parsed(a_notification(whole=envelope, **payload)).sent_at == sent_at


@pytest.mark.parametrize("uid", [UID, str(UID), "1", 2**32 - 1])
def test_a_uid_may_be_a_number_or_a_decimal_string(uid: object) -> None:
    assert parsed(a_notification(uid=uid)).uid == int(str(uid))


def test_an_invalid_sequence_is_left_out() -> None:
    for sequence in (..., None, -1, 2**60, "x"):
        with case(sequence):
            assert parsed(a_notification(sequence=sequence)).sequence is None


def id_of(**payload: Any) -> str:
    """The id of a notification whose `noticeId` is missing, or is `notice_id`."""
    event = payload.pop("event", 40)
    return parsed(a_notification(event, whole={"noticeId": payload.pop("notice_id", ...)}, **payload)).id


def test_an_id_is_derived_from_recorder_event_and_sequence_if_it_is_missing() -> None:
    ids = {
        id_of(),
        id_of(sid="OTHER"),
        id_of(uid="7"),
        id_of(serviceType=2),
        id_of(event=11),
        id_of(sequence=4),
        id_of(sequence=...),
        id_of(sequence=..., sendts=SENT_MS + 1),
    }
    assert len(ids) == 8
    assert all(len(derived) == 64 for derived in ids)
    repeated = a_notification(whole={"noticeId": ..., "notifyMs": SENT_MS + 99_000})
    assert read(as_body(repeated), at(99)).id == id_of()  # type: ignore[union-attr]


@pytest.mark.parametrize("notice_id", [7, "", "a\nb", "x" * 129, "\x00", None])
def test_an_id_that_cannot_be_stored_is_replaced(notice_id: object) -> None:
    assert id_of(notice_id=notice_id) == id_of()


@pytest.mark.parametrize("product", [1, 4, 5, 0])
def test_another_product_is_ignored_without_reading_its_payload(product: int) -> None:
    assert read(as_body({"productId": product, "payload": 7}), NOW) == Ignored("other product")


@pytest.mark.parametrize("event", [3, 30, 45, 60, 70, 90, 100, 1001, 0, -1, 2**70])
def test_an_event_of_no_composite_recording_is_ignored(event: int) -> None:
    assert read(as_body(a_notification(event)), NOW) == Ignored("other event")


def test_the_test_of_agoras_console_is_ignored() -> None:
    payloads: list[dict[str, Any]] = [
        {"cname": "test_webhook", "uid": "12121212", "sid": "x"},
        {"cname": "test_webhook", "uid": 12121212},
        {"channelName": "test_webhook", "uid": 12121212, "clientSeq": 1},
        {"channelName": "test_webhook"},
    ]
    for event in NotificationEvent:
        for payload in payloads:
            with case(event, payload):
                body = as_body(a_notification(event, whole={"payload": payload}))
                assert read(body, NOW) == Ignored("test")


def test_a_recorder_in_a_channel_named_like_the_test_is_not_ignored() -> None:
    assert parsed(a_notification(cname="test_webhook")).agora_channel == "test_webhook"


INVALID_FIELDS: dict[str, list[Any]] = {
    "productId": [..., None, "three", 3.5, True, []],
    "eventType": [..., None, "start", {}, False],
    "payload": [..., None, "x", []],
    "cname": [..., None, "", 7, "x" * 65, "a\nb", "\x00", "\ud800"],
    "uid": [..., None, "", "ana", 0, "0", -1, 2**32, "9" * 30, 1.5, "\u0663", True],
    "sid": [..., None, "", 7, "x" * 129, "a\tb", "\ud800"],
}


@pytest.mark.parametrize("field", INVALID_FIELDS)
def test_an_invalid_field_is_malformed_and_the_error_names_only_the_field(field: str) -> None:
    in_envelope = field in ("productId", "eventType", "payload")
    for value in INVALID_FIELDS[field]:
        body = as_body(a_notification(whole={field: value}) if in_envelope else a_notification(**{field: value}))
        with case(value), pytest.raises(MalformedNotification, match=f"^{field}$"):
            read(body, NOW)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff", b"{", b"[" * 60_000, b'{"n": ' + b"9" * 5000 + b"}"])
def test_a_body_other_than_a_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedNotification, match="no JSON object"):
        read(body, NOW)


FIELDS = st.sampled_from(
    [
        *("noticeId", "productId", "eventType", "notifyMs", "payload", "cname", "channelName", "uid", "sid"),
        *("sequence", "sendts", "serviceType", "details", "fileList", "fileName", "errorMsg", "errorCode"),
        *("newUid", "startUtcMs"),
    ]
)
VALUES = JSON | st.dictionaries(FIELDS, JSON) | st.lists(st.dictionaries(FIELDS, JSON), max_size=3)


def is_well_formed(body: bytes) -> bool:
    """Fails for any error other than `MalformedNotification`."""
    try:
        result = read(body, NOW)
    except MalformedNotification:
        return False
    assert isinstance(result, Notification | Ignored)
    return True


@given(st.binary() | st.text().map(str.encode) | JSON.map(as_body))
def test_any_bytes_are_a_notification_ignored_or_malformed(body: bytes) -> None:
    assert is_well_formed(body) in (True, False), "nothing else is raised"


@given(st.sampled_from(NotificationEvent), VALUES)
def test_no_details_make_a_notification_malformed(event: int, details: object) -> None:
    assert is_well_formed(as_body(a_notification(event, details=details)))


@given(
    st.sampled_from(NotificationEvent),
    st.dictionaries(FIELDS, VALUES, max_size=3),
    st.dictionaries(FIELDS, VALUES, max_size=3),
)
def test_any_values_in_any_field_are_a_notification_ignored_or_malformed(
    event: int, envelope: dict[str, Any], payload: dict[str, Any]
) -> None:
    notification = a_notification(event)
    notification["payload"] |= payload
    is_well_formed(as_body(notification | envelope))
