"""What Agora's notifications say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora.notifications import read
from recordings.errors import MalformedNotification
from recordings.model.notifications import Ignored, Notification, NotificationEvent
from tests.fakes.agora_notifications import SENT_MS, a_notification, as_body
from tests.fakes.rows import NOW, UID, at
from tests.unit.agora.test_answers import JSON

LATER = at(60)
STARTS_MS, BROKE_MS = SENT_MS - 60_000, SENT_MS - 90_000


def ms(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def notification(notification: object) -> Notification:
    found = read(as_body(notification), LATER)
    assert isinstance(found, Notification)
    return found


def told(event: int, details: object) -> dict[str, Any]:
    """What a notice says beside its event and whose it is."""
    found = notification(a_notification(event, details=details))
    everything = {name: getattr(found, name) for name in Notification.__dataclass_fields__}
    usual = {"id", "event", "agora_channel", "uid", "sid", "sequence", "sent_at", "received_at"}
    return {name: value for name, value in everything.items() if name not in usual and value not in (None, (), "")}


def test_whose_it_is_and_when_it_happened() -> None:
    assert notification(a_notification(40, details={"msgName": "recorder_started", "status": 0})) == Notification(
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


STREAM = {"streamUid": "1000", "state": 1, "UtcMs": STARTS_MS}
FILES = [{"fileName": "a_0.mp4", "uid": "0"}, {"fileName": "a.m3u8", "isPlayable": True}]


@pytest.mark.parametrize(
    ("event", "details", "said"),
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
            {"startUtcMs": STARTS_MS, "discontinueUtcMs": BROKE_MS, "streamUid": "0", "trackType": "audio"},
            {"begun_at": ms(STARTS_MS), "lost_from": ms(BROKE_MS), "stream_uid": 0},
        ),
        (43, STREAM, {"code": 1, "stream_uid": 1000, "begun_at": ms(STARTS_MS)}),
        (44, STREAM | {"state": 0, "streamUid": 0}, {"code": 0, "stream_uid": 0, "begun_at": ms(STARTS_MS)}),
    ],
)
def test_each_event_says_what_agora_documents(event: int, details: object, said: dict[str, Any]) -> None:
    assert told(event, details) == said


@pytest.mark.parametrize("event", NotificationEvent)
@pytest.mark.parametrize(
    "details",
    [
        *(None, "x", [], {}, {"msgName": "new_words", "more": {"and": "more"}}),
        {"errorCode": "many", "warnCode": True, "exitStatus": -1, "leaveCode": 2**31, "progress": 10_001, "state": 2},
        {"status": 1.5, "module": None, "errorLevel": 6, "newUid": 0, "streamUid": 2**32, "errorMsg": ["x"]},
        {"errorMsg": "\x00\u202e", "startUtcMs": 10**18, "discontinueUtcMs": -1, "UtcMs": "yesterday"},
        {"fileList": [{"fileName": "x" * 2000}, {"fileName": "a\x00b"}, {"fileName": 7}, "x", None]},
        {"fileList": {"fileName": "x"}},
    ],
)
def test_details_that_cannot_be_read_are_left_out(event: int, details: object) -> None:
    assert told(event, details) == {}


def test_details_of_another_event_are_left_out() -> None:
    everything = {"errorMsg": "x", "newUid": 7, "fileList": "a.m3u8", "streamUid": 1, "UtcMs": STARTS_MS, "module": 1}
    assert told(11, {"exitStatus": 0, **everything}) == {"code": 0}


def test_long_words_are_cut() -> None:
    assert len(told(1, {"errorMsg": "x " * 5000})["words"]) == 500


@pytest.mark.parametrize(
    ("facts", "whole", "sent_at"),
    [
        ({"sendts": ...}, {}, at(1.123)),
        ({"sendts": 10**20}, {}, at(1.123)),
        ({"sendts": 1_781_696_520}, {}, at(1.123)),
        ({"sendts": -1}, {"notifyMs": ...}, LATER),
        ({"sendts": "soon"}, {"notifyMs": {}}, LATER),
        ({"sendts": str(SENT_MS)}, {"notifyMs": ...}, at(0.123)),
    ],
)
def test_a_time_that_is_none_is_replaced_by_the_next_best(
    facts: dict[str, Any], whole: dict[str, Any], sent_at: datetime
) -> None:
    assert notification(a_notification(whole=whole, **facts)).sent_at == sent_at


@pytest.mark.parametrize("uid", [UID, str(UID), "1", 2**32 - 1])
def test_a_uid_is_a_number_or_a_text_of_digits(uid: object) -> None:
    assert notification(a_notification(uid=uid)).uid == int(str(uid))


def test_a_count_that_is_none_is_left_out() -> None:
    for count in (..., None, -1, 2**60, "x"):
        assert notification(a_notification(sequence=count)).sequence is None


def nameless(**payload: Any) -> str:
    event = payload.pop("event", 40)
    return notification(a_notification(event, whole={"noticeId": payload.pop("named", ...)}, **payload)).id


def test_a_notification_without_an_id_is_told_by_whose_it_is_and_its_count() -> None:
    ids = {
        nameless(),
        nameless(sid="OTHER"),
        nameless(uid="7"),
        nameless(serviceType=2),
        nameless(event=11),
        nameless(sequence=4),
        nameless(sequence=...),
        nameless(sequence=..., sendts=SENT_MS + 1),
    }
    assert len(ids) == 8
    assert all(len(each) == 64 for each in ids)
    again = a_notification(whole={"noticeId": ..., "notifyMs": SENT_MS + 99_000})
    assert read(as_body(again), at(99)).id == nameless()  # type: ignore[union-attr]


@pytest.mark.parametrize("named", [7, "", "a\nb", "x" * 129, "\x00", None])
def test_an_id_that_cannot_be_kept_is_replaced(named: object) -> None:
    assert nameless(named=named) == nameless()


@pytest.mark.parametrize("product", [1, 4, 5, 0])
def test_another_product_is_ignored_whatever_it_says(product: int) -> None:
    assert read(as_body({"productId": product, "payload": 7}), NOW) == Ignored("other product")


@pytest.mark.parametrize("event", [3, 30, 45, 60, 70, 90, 100, 1001, 0, -1, 2**70])
def test_an_event_that_says_nothing_about_a_composite_recording_is_ignored(event: int) -> None:
    assert read(as_body(a_notification(event)), NOW) == Ignored("other event")


@pytest.mark.parametrize("event", NotificationEvent)
@pytest.mark.parametrize(
    "payload",
    [
        {"cname": "test_webhook", "uid": "12121212", "sid": "x"},
        {"cname": "test_webhook", "uid": 12121212},
        {"channelName": "test_webhook", "uid": 12121212, "clientSeq": 1},
        {"channelName": "test_webhook"},
    ],
)
def test_the_check_of_agoras_console_is_ignored(event: int, payload: object) -> None:
    assert read(as_body(a_notification(event, whole={"payload": payload})), NOW) == Ignored("test")


def test_a_recorder_in_a_channel_that_is_called_like_the_check_is_heard() -> None:
    assert notification(a_notification(cname="test_webhook")).agora_channel == "test_webhook"


WRONG: dict[str, list[Any]] = {
    "productId": [..., None, "three", 3.5, True, []],
    "eventType": [..., None, "start", {}, False],
    "payload": [..., None, "x", []],
    "cname": [..., None, "", 7, "x" * 65, "a\nb", "\x00", "\ud800"],
    "uid": [..., None, "", "ana", 0, "0", -1, 2**32, "9" * 30, 1.5, "\u0663", True],
    "sid": [..., None, "", 7, "x" * 129, "a\tb", "\ud800"],
}


@pytest.mark.parametrize(("field", "wrong"), [(field, each) for field, every in WRONG.items() for each in every])
def test_what_does_not_say_whose_it_is_is_malformed_and_only_the_field_is_told(field: str, wrong: Any) -> None:
    outside = field in ("productId", "eventType", "payload")
    body = as_body(a_notification(whole={field: wrong}) if outside else a_notification(**{field: wrong}))
    with pytest.raises(MalformedNotification, match=f"^{field}$"):
        read(body, NOW)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff", b"{", b"[" * 60_000, b'{"n": ' + b"9" * 5000 + b"}"])
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedNotification, match="no JSON object"):
        read(body, NOW)


NAMES = st.sampled_from(
    [
        *(
            "noticeId",
            "productId",
            "eventType",
            "notifyMs",
            "payload",
            "cname",
            "channelName",
            "uid",
            "sid",
            "sequence",
        ),
        *("sendts", "serviceType", "details", "fileList", "fileName", "errorMsg", "errorCode", "newUid", "startUtcMs"),
    ]
)
VALUES = JSON | st.dictionaries(NAMES, JSON) | st.lists(st.dictionaries(NAMES, JSON), max_size=3)


def readable(body: bytes) -> bool:
    """Whether reading ends as it may end."""
    try:
        found = read(body, NOW)
    except MalformedNotification:
        return False
    assert isinstance(found, Notification | Ignored)
    return True


@given(st.binary() | st.text().map(str.encode) | JSON.map(as_body))
def test_any_bytes_are_a_notice_or_ignored_or_malformed(body: bytes) -> None:
    readable(body)


@given(st.sampled_from(NotificationEvent), VALUES)
def test_details_never_spoil_a_notice(event: int, details: object) -> None:
    assert readable(as_body(a_notification(event, details=details)))


@given(
    st.sampled_from(NotificationEvent),
    st.dictionaries(NAMES, VALUES, max_size=3),
    st.dictionaries(NAMES, VALUES, max_size=3),
)
def test_any_values_in_any_field_are_too(event: int, whole: dict[str, Any], payload: dict[str, Any]) -> None:
    notification = a_notification(event)
    notification["payload"] |= payload
    readable(as_body(notification | whole))
