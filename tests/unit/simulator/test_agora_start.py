"""acquire and start: requests that are accepted, and the errors of those that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.agora.http.checks import REGIONS
from tests.unit.simulator.agora_client import STORAGE, ApiClient, api_client


@pytest.fixture
def agora() -> ApiClient:
    return api_client()


def started(agora: ApiClient, **changes: Any) -> tuple[int, object]:
    """Status and code of a start with those changes."""
    rid = agora.acquire().body["resourceId"]
    reply = agora.start(rid, request=agora.request(**changes))
    return reply.status, reply.body.get("code")


def test_a_resource_is_for_one_channel_and_uid(agora: ApiClient) -> None:
    rid = agora.acquire().body["resourceId"]
    assert agora.start(rid, channel="other").code == 2
    assert agora.start(rid, uid="1002").code == 2
    assert agora.start(rid).status == 200


def test_a_resource_is_valid_for_five_minutes(agora: ApiClient) -> None:
    rid = agora.acquire().body["resourceId"]
    agora.clock.advance(301)
    reply = agora.start(rid)
    assert (reply.status, reply.code) == (400, 2)
    assert "expired" in reply.body["reason"]


def test_starting_twice_with_one_resource_is_201_and_names_no_sid(agora: ApiClient) -> None:
    rid = agora.acquire().body["resourceId"]
    agora.start(rid)
    again = agora.start(rid)
    assert (again.status, again.body) == (201, {"code": 7, "reason": "already started"})


def test_a_used_resource_starts_nothing_new(agora: ApiClient) -> None:
    rid = agora.acquire().body["resourceId"]
    agora.start(rid)
    agora.simulator.kill("daily")
    assert agora.start(rid).code == 2


def test_the_same_channel_and_uid_are_recorded_once(agora: ApiClient) -> None:
    agora.task()
    conflict = agora.start(agora.acquire().body["resourceId"])
    assert (conflict.status, conflict.code) == (400, 53)
    assert agora.task(uid="1002").sid


def test_one_recorder_too_many_is_refused_by_acquire() -> None:
    agora = api_client(max_recorders=2)
    agora.task(uid="1")
    agora.task(uid="2")
    refused = agora.acquire(uid="3")
    assert (refused.status, refused.code, refused.body["reason"]) == (400, 406, "vendor_over_load")
    agora.simulator.kill("daily")
    assert agora.acquire(uid="3").status == 200


def test_start_must_agree_with_the_start_parameter_of_acquire(agora: ApiClient) -> None:
    request = agora.request()
    rid = agora.acquire(startParameter=request).body["resourceId"]
    other = {**request, "recordingConfig": {"maxIdleTime": 60}}
    assert agora.start(rid, request=other).code == 2
    assert agora.start(rid, request=request).status == 200


def test_an_invalid_channel_name_is_refused(agora: ApiClient) -> None:
    cases: list[str] = ["", "a" * 65, "ä", "a/b", "a*b", "a\nb", 'a"b', "a'b", "a\\b", "a`b", "😀"]
    for name in cases:
        reply = agora.acquire(name)
        assert (reply.status, reply.body) == (400, {"code": 401, "reason": "invalid_channel_name"})


def test_every_documented_character_of_a_channel_name_is_accepted(agora: ApiClient) -> None:
    assert agora.acquire("azAZ09 !#$%&()+-:;<=.>?@[]^_{}|~,").status == 200
    assert agora.acquire("a" * 64).status == 200


def test_an_invalid_uid_is_refused(agora: ApiClient) -> None:
    for uid in ["", "0", "-1", "4294967296", "abc", "1.5", " 1", "\u0661"]:
        assert agora.acquire(uid=uid).code == 2


def test_an_incomplete_body_is_refused(agora: ApiClient) -> None:
    cases: list[object] = [None, [], {}, {"cname": "a", "uid": "1"}, {"cname": "a", "uid": 1, "clientRequest": {}}]
    for body in cases:
        assert agora.recording("POST", "/acquire", body).code == 2


def test_acquire_checks_its_parameters(agora: ApiClient) -> None:
    cases: list[dict[str, Any]] = [
        {"resourceExpiredHour": 0},
        {"resourceExpiredHour": 721},
        {"resourceExpiredHour": "24"},
        {"resourceExpiredHour": True},
        {"scene": 3},
        {"region": "US"},
        {"excludeResourceIds": "x"},
        {"startParameter": []},
        {"startParameter": {}},
    ]
    for request_ in cases:
        reply = agora.acquire(**request_)
        assert (reply.status, reply.code) == (400, 2)
        assert reply.body["reason"].startswith("Acquire: ")


def test_the_reason_has_the_documented_form(agora: ApiClient) -> None:
    assert agora.acquire(resourceExpiredHour=0).body["reason"] == "Acquire: invalid resourceExpiredHour value!"


def test_start_checks_the_recording_config(agora: ApiClient) -> None:
    cases: list[dict[str, object]] = [
        {"maxIdleTime": 4},
        {"maxIdleTime": 2_592_001},
        {"maxIdleTime": 5.5},
        {"maxIdleTime": "30"},
        {"channelType": 2},
        {"decryptionMode": 9},
        {"decryptionMode": 1},
        {"decryptionMode": 1, "secret": ""},
        {"decryptionMode": 7, "secret": "s"},
        {"decryptionMode": 8, "secret": "s", "salt": "c2hvcnQ="},
        {"streamTypes": 3},
        {"audioProfile": -1},
        {"subscribeAudioUids": ["alice"]},
        {"subscribeAudioUids": [str(uid) for uid in range(1, 34)]},
        {"subscribeVideoUids": ["1"], "unsubscribeVideoUids": ["2"]},
        {"transcodingConfig": {"width": 1920, "height": 1081}},
        {"transcodingConfig": {"width": 0}},
        {"transcodingConfig": {"fps": 0}},
        {"transcodingConfig": {"bitrate": "500"}},
        {"transcodingConfig": {"mixedVideoLayout": 4}},
        {"transcodingConfig": {"mixedVideoLayout": 2}},
        {"transcodingConfig": {"mixedVideoLayout": 3}},
        {"transcodingConfig": {"backgroundColor": "red"}},
    ]
    for recording in cases:
        assert started(agora, recordingConfig=recording) == (400, 2)


def test_start_accepts_what_is_documented() -> None:
    cases: list[dict[str, object]] = [
        {"maxIdleTime": 5},
        {"decryptionMode": 8, "secret": "s", "salt": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="},
        {"subscribeAudioUids": ["#allstream#"]},
        {"transcodingConfig": {"width": 1280, "height": 720, "fps": 15, "bitrate": 2000, "mixedVideoLayout": 1}},
        {"privateParams": "unknown keys pass"},
    ]
    for recording in cases:
        agora = api_client()
        assert started(agora, recordingConfig=recording) == (200, None)


def test_start_checks_the_file_types(agora: ApiClient) -> None:
    for types in [[], ["mp4"], ["hls", "mov"], "hls", ["mp4", "mp4"]]:
        assert started(agora, recordingFileConfig={"avFileType": types}) == (400, 2)


def test_start_checks_the_storage(agora: ApiClient) -> None:
    cases: list[dict[str, object]] = [
        {"vendor": 4},
        {"vendor": "1"},
        {"region": 17},
        {"region": 23},
        {"region": 26},
        {"region": -1},
        {"vendor": 5, "region": 1},
        {"vendor": 8, "region": 0},
        {"vendor": 11, "region": 0},
        {"vendor": 11, "region": 0, "extensionParams": {"endpoint": "https://s3.example.com"}},
        {"vendor": 11, "region": 0, "extensionParams": {"endpoint": "s3.example.com/bucket"}},
        {"vendor": 5, "region": 0, "stsToken": "t"},
        {"bucket": ""},
        {"accessKey": None},
        {"fileNamePrefix": "a"},
        {"fileNamePrefix": ["a-b"]},
        {"fileNamePrefix": ["a/b"]},
        {"fileNamePrefix": [""]},
        {"fileNamePrefix": ["a" * 128]},
        {"fileNamePrefix": ["a" * 63, "b" * 64]},
        {"extensionParams": {"sse": "rot13"}},
    ]
    for change in cases:
        assert started(agora, storageConfig={**STORAGE, **change}) == (400, 2)


def test_start_accepts_every_documented_storage() -> None:
    cases: list[dict[str, object]] = [
        {"vendor": 11, "region": 0, "extensionParams": {"endpoint": "s3.example.com"}},
        {"vendor": 11, "region": 0, "extensionParams": {"endpoint": "127.0.0.1:9000"}},
        {"fileNamePrefix": ["a" * 127]},
        {"fileNamePrefix": ["slack", "C0123ABCD", "20261124"]},
        {"vendor": 2, "region": 27},
        {"vendor": 1, "region": 25},
    ]
    for change in cases:
        agora = api_client()
        assert started(agora, storageConfig={**STORAGE, **change}) == (200, None)


def test_the_regions_are_the_documented_ones() -> None:
    assert {vendor: len(numbers) for vendor, numbers in REGIONS.items()} == {
        1: 24,
        2: 28,
        3: 20,
        5: 1,
        6: 1,
        7: 16,
        8: 7,
        11: 1,
    }


def test_start_requires_storage_and_recording_config(agora: ApiClient) -> None:
    for missing in ["storageConfig", "recordingConfig"]:
        rid = agora.acquire().body["resourceId"]
        request = agora.request()
        del request[missing]
        assert agora.start(rid, request=request).code == 2


def test_individual_mode_needs_a_uid_group_and_makes_no_mp4(agora: ApiClient) -> None:
    rid = agora.acquire().body["resourceId"]
    assert agora.start(rid, mode="individual").code == 2
    with_group = agora.request(recordingConfig={"subscribeUidGroup": 0})
    assert agora.start(rid, mode="individual", request=with_group).code == 2


def test_an_unknown_mode_is_refused(agora: ApiClient) -> None:
    assert agora.start(agora.acquire().body["resourceId"], mode="mixed").code == 2


def test_web_recording_needs_its_own_scene(agora: ApiClient) -> None:
    rid = agora.acquire().body["resourceId"]
    request = agora.request(extensionServiceConfig={})
    assert agora.start(rid, mode="web", request=request).code == 2


def test_stop_and_update_must_name_the_recorder(agora: ApiClient) -> None:
    task = agora.recorded()
    task.uid = "1002"
    assert agora.stop(task).code == 2
    assert agora.post(task, "update", {}).code == 2
    task.uid = "1001"
    assert agora.post(task, "stop", {"async_stop": "yes"}).code == 2
    assert agora.post(task, "update", {"storageConfig": {"vendor": 1}}).code == 2
    assert agora.post(task, "update", {"storageConfig": STORAGE}).status == 200
    assert agora.post(task, "updateLayout", {"mixedVideoLayout": 1}).status == 200
    assert agora.post(task, "updateLayout", {"mixedVideoLayout": 3}).code == 2
    assert agora.post(task, "updateLayout", {"mixedVideoLayout": 2}).code == 2


def test_a_new_layout_replaces_every_setting_of_the_old_one(agora: ApiClient) -> None:
    task = agora.task()
    large = {"mixedVideoLayout": 2, "maxResolutionUid": "7", "backgroundColor": "#FF0000"}
    agora.post(task, "updateLayout", large)
    assert agora.simulator.recorder(task.sid).layout == large

    agora.post(task, "updateLayout", {"mixedVideoLayout": 1})
    assert agora.simulator.recorder(task.sid).layout == {"mixedVideoLayout": 1}


def test_a_sid_of_another_resource_or_mode_is_not_found(agora: ApiClient) -> None:
    first, second = agora.task(uid="1"), agora.task(uid="2")
    first.rid = second.rid
    assert agora.query(first).code == 404
    second.mode = "individual"
    assert agora.query(second).code == 404
