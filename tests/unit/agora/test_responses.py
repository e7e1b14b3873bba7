"""Parsing of Agora's responses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora.responses import channel_users, files_of, json_object, recorder_status, stop_accepted
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        *("serverResponse", "status", "fileList", "fileListMode", "fileName", "filename", "extensionServiceState"),
        *("payload", "uploadingStatus", "sid", "data", "channel_exist", "mode", "users", "broadcasters", "audience"),
    ]
)
AGORA_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner) | st.dictionaries(FIELDS, inner),
    max_leaves=30,
)


@given(st.one_of(JSON, AGORA_LIKE))
def test_no_json_makes_parsing_fail(anything: object) -> None:
    fields = json_object(json.dumps(anything).encode())

    assert fields == (anything if isinstance(anything, dict) else None)
    assert all(files_of(anything))
    for parse in (recorder_status, stop_accepted, channel_users):
        parse(fields or {})


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"<html>", b"\xff", b"[" * 100_000, b'{"n": ' + b"9" * 5000])
def test_a_body_other_than_a_json_object_is_none(body: bytes) -> None:
    assert json_object(body) is None


def test_a_file_list_in_string_mode_is_one_name_and_not_json() -> None:
    assert files_of({"fileListMode": "string", "fileList": "sid_daily.m3u8"}) == ("sid_daily.m3u8",)
    assert files_of({"fileListMode": "string", "fileList": '["a.mp4"]'}) == ('["a.mp4"]',)


def test_a_file_list_in_json_mode_keeps_its_order_without_duplicates() -> None:
    files = [{"fileName": "a_0.mp4", "uid": "0"}, {"fileName": "a.m3u8"}, {"fileName": "a_0.mp4"}]

    assert files_of({"fileListMode": "json", "fileList": files}) == ("a_0.mp4", "a.m3u8")


def test_files_of_a_web_page_recording_are_listed_under_its_service() -> None:
    services = [
        {"serviceName": "upload_service", "payload": {"uploadingStatus": "uploaded"}},
        {"serviceName": "web_recorder_service", "payload": {"fileList": [{"filename": "page.m3u8"}]}},
    ]

    assert files_of({"extensionServiceState": services}) == ("page.m3u8",)


@pytest.mark.parametrize(
    "response",
    [
        None,
        [],
        {},
        {"fileListMode": "json", "fileList": "[]"},
        {"fileListMode": "string", "fileList": ""},
        {"fileListMode": "json", "fileList": [7, None, {"name": "a"}, {"fileName": 7}]},
        {"fileList": {"fileName": "a"}},
        {"extensionServiceState": {"payload": {}}},
        {"extensionServiceState": [{"payload": [{"fileList": []}]}]},
    ],
)
def test_a_file_list_of_an_unknown_shape_has_no_files(response: object) -> None:
    assert files_of(response) == ()


def test_a_query_has_a_status_and_files() -> None:
    response = {"status": 5, "fileListMode": "string", "fileList": "a.m3u8"}

    assert recorder_status({"serverResponse": response}) == RecorderStatus(5, ("a.m3u8",))
    assert recorder_status({"serverResponse": {"status": "4"}}) == RecorderStatus(4)


@pytest.mark.parametrize("response", [None, {}, {"status": True}, {"status": "ready"}, {"status": 4.5}, [5]])
def test_a_query_without_a_readable_status_is_unknown(response: object) -> None:
    assert recorder_status({"serverResponse": response}) is None


@pytest.mark.parametrize(
    ("sent", "parsed"), [("uploaded",) * 2, ("backuped",) * 2, ("unknown",) * 2, ("later", "unknown"), (None, "")]
)
def test_a_stop_has_the_status_of_the_upload(sent: object, parsed: str) -> None:
    stopped = stop_accepted({"sid": "38f8", "serverResponse": {"uploadingStatus": sent, "fileList": "a.m3u8"}})

    assert stopped == StopAccepted(("a.m3u8",), parsed)


def test_a_stop_may_lack_every_field_but_not_have_only_foreign_ones() -> None:
    assert stop_accepted({"sid": "38f8"}) == StopAccepted()
    assert stop_accepted({"serverResponse": {}}) == StopAccepted()
    assert stop_accepted({}) == StopAccepted()
    assert stop_accepted({"ok": True}) is None


def test_everybody_in_a_communication_channel_is_a_host() -> None:
    users = channel_users({"data": {"channel_exist": True, "mode": 1, "total": 2, "users": [7, "4000000001"]}})

    assert users == ChannelUsers(hosts=frozenset({7, 4000000001}))


def test_a_live_channel_has_hosts_and_an_audience() -> None:
    fields = {"channel_exist": True, "mode": 2, "broadcasters": [7], "audience": [8, 9], "audience_total": 2}

    assert channel_users({"data": fields}) == ChannelUsers(frozenset({7}), frozenset({8, 9}))
    assert channel_users({"data": {"mode": 2, "broadcasters": []}}) == ChannelUsers()


def test_a_channel_that_does_not_exist_has_no_users() -> None:
    assert channel_users({"success": True, "data": {"channel_exist": False}}) == ChannelUsers()


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"channel_exist": True},
        {"channel_exist": True, "mode": 1},
        {"channel_exist": True, "mode": 1, "users": {"7": 1}},
        {"channel_exist": True, "mode": 1, "users": ["alice"]},
        {"channel_exist": True, "mode": 2, "users": [7]},
        {"channel_exist": True, "mode": 2, "broadcasters": [7], "audience": None},
    ],
)
def test_an_unreadable_user_list_is_not_an_empty_channel(data: object) -> None:
    assert channel_users({"data": data}) is None
