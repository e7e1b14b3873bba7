"""The life of a recorder as time passes and people come and go."""

from __future__ import annotations

import pytest

from simulator.agora import Timing
from tests.unit.simulator.agora_client import STORAGE, ApiClient, api_client


@pytest.fixture
def agora() -> ApiClient:
    return api_client()


def test_a_recorder_shows_0_1_2_3_and_4_once_it_has_joined(agora: ApiClient) -> None:
    task = agora.task()
    seen = [agora.status(task)]
    for _ in range(31):
        agora.clock.advance(0.1)
        seen.append(agora.status(task))
    assert sorted(set(seen), key=seen.index) == [0, 1, 2, 3, 4]


def test_it_stays_at_4_without_files_while_nobody_publishes(agora: ApiClient) -> None:
    agora.simulator.join("daily", 7, audio=False, video=False)
    task = agora.task()
    agora.clock.advance(200)
    assert agora.query(task).state == {"status": 4}


def test_it_shows_5_and_files_once_the_first_slice_is_stored(agora: ApiClient) -> None:
    task = agora.recorded()
    state = agora.query(task).state
    assert state["status"] == 5
    assert state["fileListMode"] == "json"
    assert [file["fileName"] for file in state["fileList"]] == [f"{task.sid}_daily.m3u8", f"{task.sid}_daily_0.mp4"]
    assert {file["uid"] for file in state["fileList"]} == {"0"}


def test_hls_alone_gives_the_playlist_as_a_string(agora: ApiClient) -> None:
    task = agora.recorded(recordingFileConfig={"avFileType": ["hls"]})
    state = agora.query(task).state
    assert (state["fileListMode"], state["fileList"]) == ("string", f"{task.sid}_daily.m3u8")


def test_special_characters_of_the_channel_become_dashes_in_file_names(agora: ApiClient) -> None:
    task = agora.recorded("team_a: 50% (new)")
    assert agora.query(task).state["fileList"][0]["fileName"] == f"{task.sid}_team-a- 50- -new-.m3u8"


def test_a_new_mp4_begins_every_two_hours(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.clock.advance(5 * 3600)
    mp4s = [file["fileName"] for file in agora.query(task).state["fileList"]][1:]
    assert mp4s == [f"{task.sid}_daily_{index}.mp4" for index in range(3)]


def test_file_names_can_carry_the_storage_prefix() -> None:
    agora = api_client(prefix_in_names=True)
    task = agora.recorded(storageConfig={**STORAGE, "fileNamePrefix": ["a", "b"]})
    assert agora.query(task).state["fileList"][0]["fileName"] == f"a/b/{task.sid}_daily.m3u8"


def test_an_asynchronous_stop_answers_at_once_and_6_7_8_and_404_follow(agora: ApiClient) -> None:
    task = agora.recorded()
    stopped = agora.stop(task)
    assert (stopped.status, stopped.state) == (200, {"uploadingStatus": "unknown"})
    seen = []
    for _ in range(8):
        seen.append(agora.status(task))
        agora.clock.advance(1)
    assert sorted(set(seen), key=seen.index) == [6, 7, 8, None]
    assert agora.simulator.recorder("daily").ended_by == "stopped"


def test_a_synchronous_stop_answers_with_the_uploaded_files() -> None:
    agora = api_client(timing=Timing(upload=0.01))
    task = agora.recorded()
    state = agora.stop(task, asynchronous=False).state
    assert state["uploadingStatus"] == "uploaded"
    assert len(state["fileList"]) == 2


def test_a_synchronous_stop_whose_upload_takes_too_long_answers_code_50() -> None:
    agora = api_client(timing=Timing(upload=30, sync_stop_limit=0.01))
    assert agora.stop(agora.recorded(), asynchronous=False).code == 50


def test_a_stop_with_nothing_recorded_answers_435_and_still_ends_it(agora: ApiClient) -> None:
    task = agora.task()
    agora.clock.advance(10)
    stopped = agora.stop(task)
    assert (stopped.status, stopped.code) == (206, 435)
    agora.clock.advance(10)
    assert agora.status(task) is None


def test_a_stop_stores_a_recording_shorter_than_a_slice(agora: ApiClient) -> None:
    agora.simulator.join("daily", 7)
    task = agora.task()
    agora.clock.advance(5)
    assert agora.status(task) == 4
    assert agora.stop(task).status == 200
    assert agora.simulator.recorder("daily").files == (f"{task.sid}_daily.m3u8", f"{task.sid}_daily_0.mp4")


def test_a_second_stop_is_an_invalid_operation_and_later_404(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.stop(task)
    again = agora.stop(task)
    assert (again.status, again.code) == (400, 49)
    agora.clock.advance(10)
    late = agora.stop(task)
    assert (late.status, late.code) == (404, 404)


def test_it_leaves_a_channel_that_is_empty_for_max_idle_time(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.simulator.leave("daily")
    agora.clock.advance(299)
    assert agora.status(task) == 5
    agora.clock.advance(2)
    assert agora.status(task) is None
    assert (agora.stop(task).status, agora.stop(task).code) == (400, 49)
    assert agora.simulator.recorder("daily").ended_by == "idle"


def test_it_stays_if_somebody_comes_back_in_time(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.simulator.leave("daily", 7)
    agora.clock.advance(200)
    agora.simulator.join("daily", 8)
    agora.clock.advance(1000)
    assert agora.status(task) == 5


def test_max_idle_time_is_30_seconds_by_default(agora: ApiClient) -> None:
    task = agora.task(recordingConfig={})
    agora.clock.advance(34)
    assert agora.status(task) is None


def test_an_audience_does_not_keep_it_in_a_live_channel() -> None:
    agora = api_client(profile="live")
    agora.simulator.join("daily", 7, role="audience")
    task = agora.task(recordingConfig={"channelType": 1, "maxIdleTime": 30})
    agora.clock.advance(34)
    assert agora.status(task) is None


def test_an_idle_exit_shows_6_7_8_with_that_option() -> None:
    agora = api_client(report_exits=True)
    task = agora.task()
    agora.clock.advance(303.5)
    assert agora.status(task) == 6


def test_a_move_is_404_for_a_while_then_it_goes_on_under_another_uid_with_backup_files(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.simulator.move("daily")
    assert agora.status(task) is None
    assert agora.stop(task).code == 404
    assert agora.post(task, "update", {}).code == 404
    agora.clock.advance(31)
    assert agora.status(task) == 4
    assert agora.simulator.recorder("daily").channel_uid != 1001
    agora.clock.advance(15)
    state = agora.query(task)
    assert state.body["uid"] == "1001"
    assert state.state["status"] == 5
    assert state.state["fileList"][0]["fileName"] == f"bak0_{task.sid}_daily.m3u8"
    assert agora.stop(task).status == 200


def test_a_fourth_move_ends_it(agora: ApiClient) -> None:
    agora.recorded()
    for _ in range(4):
        agora.simulator.move("daily", 1)
        agora.clock.advance(2)
    assert agora.simulator.recorder("daily").ended_by == "moved_too_often"


def test_a_killed_recorder_is_never_found_again(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.simulator.kill(task.sid)
    for _ in range(3):
        assert agora.status(task) is None
        assert agora.stop(task).code == 404
        agora.clock.advance(1000)
    with pytest.raises(LookupError):
        agora.simulator.kill(task.sid)


def test_a_crash_shows_20_and_then_404(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.simulator.crash("daily")
    assert agora.status(task) == 20
    assert agora.stop(task).code == 404
    agora.clock.advance(31)
    assert agora.status(task) is None


def test_a_stop_in_the_console_shows_6_7_8_and_then_404(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.simulator.console_stop("daily")
    assert agora.status(task) == 6
    assert agora.stop(task).code == 49
    agora.clock.advance(10)
    assert agora.status(task) is None


def test_after_resource_expired_hour_it_keeps_recording_and_no_call_finds_it(agora: ApiClient) -> None:
    task = agora.task(hours=1)
    agora.simulator.join("daily", 7)
    agora.clock.advance(3601)
    assert agora.status(task) is None
    assert agora.stop(task).code == 404
    assert agora.simulator.recorder("daily").in_channel


def test_a_forced_status_lasts_until_it_is_removed(agora: ApiClient) -> None:
    task = agora.recorded()
    for status in (2, 4, 7, 20):
        agora.simulator.force_status("daily", status)
        agora.clock.advance(60)
        assert agora.status(task) == status
    agora.simulator.force_status("daily", None)
    assert agora.status(task) == 5


def test_a_recorder_stuck_below_5_has_recorded_nothing_when_it_is_stopped(agora: ApiClient) -> None:
    agora.simulator.join("daily", 7)
    agora.simulator.force_new("daily", 4)
    task = agora.task()
    agora.clock.advance(100)
    assert agora.query(task).state == {"status": 4}
    assert agora.stop(task).code == 435
    assert agora.status(task) == 6


@pytest.mark.parametrize(
    ("why", "recording"),
    [
        ("another profile", {"channelType": 1}),
        ("no decryption", {}),
        ("another secret", {"decryptionMode": 6, "secret": "wrong"}),
    ],
)
def test_a_request_that_does_not_match_the_calls_sdk_records_nothing_without_an_error(
    agora: ApiClient, why: str, recording: dict[str, object]
) -> None:
    if why != "another profile":
        agora.simulator.encrypt("daily", 6, "right")
    agora.simulator.join("daily", 7)
    task = agora.task(recordingConfig={"maxIdleTime": 300, **recording})
    agora.clock.advance(100)
    assert agora.status(task) == 4


def test_an_encrypted_call_is_recorded_with_the_right_secret(agora: ApiClient) -> None:
    agora.simulator.encrypt("daily", 6, "right")
    agora.recorded(recordingConfig={"maxIdleTime": 300, "decryptionMode": 6, "secret": "right"})


def test_people_with_string_uids_are_listed_and_not_recorded(agora: ApiClient) -> None:
    agora.simulator.join("daily", "alice")
    task = agora.task()
    agora.clock.advance(1000)
    assert agora.status(task) == 4


def test_with_an_unwritable_storage_nothing_is_ever_stored() -> None:
    agora = api_client(check_storage=True)
    agora.simulator.join("daily", 7)
    task = agora.task()
    agora.clock.advance(100)
    assert agora.status(task) == 4


def test_a_recorder_that_is_thrown_out_is_gone_at_once(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.simulator.throw_out("daily")
    assert agora.status(task) is None
    assert agora.simulator.recorder("daily").ended_by == "thrown_out"


def test_a_status_can_be_forced_for_all_new_recorders(agora: ApiClient) -> None:
    agora.simulator.force_new("*", 2)
    agora.simulator.force_new("free", 3)
    tasks = [agora.task("daily"), agora.task("free")]
    agora.clock.advance(50)
    assert [agora.status(task) for task in tasks] == [2, 3]
    agora.simulator.force_new("*", None)
    assert agora.status(agora.task("new")) == 0


def test_every_duration_can_be_scaled_at_once() -> None:
    agora = api_client(timing=Timing().scaled(0.1))
    task = agora.task()
    agora.clock.advance(0.31)
    assert agora.status(task) == 4
    agora.clock.advance(30.1)
    assert agora.status(task) is None


def test_individual_mode_names_a_playlist_for_each_stream(agora: ApiClient) -> None:
    agora.simulator.join("daily", 7)
    rid = agora.acquire().body["resourceId"]
    request = agora.request(recordingConfig={"subscribeUidGroup": 0, "maxIdleTime": 300}, recordingFileConfig={})
    started = agora.start(rid, mode="individual", request=request)
    sid = started.body["sid"]
    agora.clock.advance(30)
    files = agora.recording("GET", f"/resourceid/{rid}/sid/{sid}/mode/individual/query").state["fileList"]
    expected = [f"{sid}_daily__uid_s_7__uid_e_{kind}.m3u8" for kind in ("audio", "video")]
    assert [file["fileName"] for file in files] == expected


def test_web_mode_lists_its_files_with_its_service(agora: ApiClient) -> None:
    rid = agora.acquire(scene=1).body["resourceId"]
    request = agora.request(extensionServiceConfig={"extensionServices": []})
    sid = agora.start(rid, mode="web", request=request).body["sid"]
    agora.clock.advance(30)
    state = agora.recording("GET", f"/resourceid/{rid}/sid/{sid}/mode/web/query").state
    payload = state["extensionServiceState"][0]["payload"]
    assert payload["state"] == "inProgress"
    assert payload["fileList"][0]["filename"] == f"{sid}_daily.m3u8"
