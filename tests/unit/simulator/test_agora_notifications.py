"""The notifications that the simulated Agora sends about its recorders."""

from __future__ import annotations

import pytest

from simulator.agora.options import WEBHOOK_SECRET
from tests.unit.simulator.agora_client import api_client
from tests.unit.simulator.notification_rig import FIRST_MEDIA, STARTING, NotificationRig
from tests.unit.simulator.webhook import Webhook, ordered

# A whole recording


def test_a_stopped_recording_has_all_events_in_order(rig: NotificationRig) -> None:
    task = rig.recording()
    assert rig.webhook.events() == [*STARTING, *FIRST_MEDIA, 4]
    rig.stop(task)
    rig.advance(9)
    assert rig.webhook.events() == [*STARTING, *FIRST_MEDIA, 4, 41, 31, 11]


def test_a_notification_names_the_recorder_and_the_time_of_the_event(rig: NotificationRig) -> None:
    task = rig.recording()
    got = rig.webhook.only(40)
    assert got.headers["content-type"] == "application/json"
    assert {name: got.message[name] for name in ("productId", "eventType")} == {"productId": 3, "eventType": 40}
    assert got.payload == {
        "cname": "daily",
        "uid": "1001",
        "sid": task.sid,
        "sequence": 0,
        "sendts": 1_800_000_003_250,
        "serviceType": 1,
        "details": {"msgName": "recorder_started", "status": 0},
    }
    assert got.message["notifyMs"] >= got.payload["sendts"]


def test_ids_are_unique_and_each_service_has_its_own_sequence(rig: NotificationRig) -> None:
    task = rig.recording()
    rig.start("other", "1002")
    rig.stop(task)
    rig.advance(9)
    got = rig.webhook.received
    assert len({each.message["noticeId"] for each in got}) == len(got)
    for service, events in ((0, [4, 11]), (1, [40, 43, 44, 42, 41]), (2, [30, 31])):
        own = [each for each in got if (each.payload["sid"], each.payload["serviceType"]) == (task.sid, service)]
        assert [each.event for each in own] == events
        assert ordered(each.payload["sequence"] for each in own)
    assert rig.webhook.of(40)[1].payload["sequence"] == 0


def test_both_signatures_cover_the_body(rig: NotificationRig) -> None:
    rig.recording()
    assert {got.signed(WEBHOOK_SECRET) for got in rig.webhook.received} == {(True, True)}
    assert rig.agora.settings["AGORA_WEBHOOK_SECRET"] == WEBHOOK_SECRET
    rig.agora.notify(rig.webhook.url, "another secret")
    rig.send()
    assert rig.webhook.received[-1].signed("another secret") == (True, True)
    assert rig.agora.settings["AGORA_WEBHOOK_SECRET"] == "another secret"


def test_the_first_slice_has_no_gap_before_it(rig: NotificationRig) -> None:
    rig.recording()
    assert rig.webhook.details(42) == [
        {
            "startUtcMs": 1_800_000_003_250,
            "discontinueUtcMs": 1_800_000_003_250,
            "mixedAllUser": True,
            "streamUid": "0",
            "trackType": "audio_and_video",
        }
    ]


def test_a_stored_playlist_is_reported_once(rig: NotificationRig) -> None:
    task = rig.recording(14.9)
    assert rig.webhook.of(4) == []
    rig.advance(0.2, 60)
    assert rig.webhook.details(4) == [{"fileList": f"{task.sid}_daily.m3u8"}]


def test_the_files_are_listed_once_everything_is_uploaded(rig: NotificationRig) -> None:
    task = rig.recording()
    rig.stop(task)
    rig.advance(8.9)
    assert rig.webhook.of(31) == []
    rig.advance(0.2)
    (details,) = rig.webhook.details(31)
    assert details["status"] == 0
    assert [each["fileName"] for each in details["fileList"]] == [f"{task.sid}_daily.m3u8", f"{task.sid}_daily_0.mp4"]
    assert details["fileList"][0] == {
        "fileName": f"{task.sid}_daily.m3u8",
        "trackType": "audio_and_video",
        "uid": "0",
        "mixedAllUser": True,
        "isPlayable": True,
        "sliceStartTime": 1_800_000_003_250,
    }
    assert rig.webhook.details(11) == [{"exitStatus": 0}]


def test_progress_is_reported_once_a_minute_until_the_end(rig: NotificationRig) -> None:
    task = rig.recording(59)
    assert rig.webhook.of(33) == []
    rig.advance(1.5, 60, 10)
    assert [each["progress"] for each in rig.webhook.details(33)] == [8000, 8888]
    rig.stop(task)
    rig.advance(9, 60, 60)
    assert len(rig.webhook.of(33)) == 2


def test_a_recorder_stuck_while_starting_has_no_events(rig: NotificationRig) -> None:
    rig.agora.force_new("daily", 2)
    rig.recording(60)
    assert rig.webhook.events() == []


def test_a_recording_of_an_empty_channel_ends_without_files(rig: NotificationRig) -> None:
    task = rig.start()
    assert rig.webhook.events() == STARTING
    rig.stop(task)
    rig.advance(10)
    assert rig.webhook.events() == [*STARTING, 41, 11]


# Why it left


@pytest.mark.parametrize("code", [2, 16, 18])
def test_the_leave_code_of_a_stop_is_configurable(rig: NotificationRig, code: int) -> None:
    rig.agora.notify(rig.webhook.url, stop_code=code)
    rig.stop(rig.recording())
    assert rig.webhook.details(41) == [{"leaveCode": code}]


def test_an_idle_recorder_leaves_with_code_4(rig: NotificationRig) -> None:
    rig.recording()
    rig.agora.leave("daily")
    rig.advance(300, 9)
    assert rig.webhook.without(33) == [*STARTING, *FIRST_MEDIA, 4, 43, 44, 41, 31, 11]
    assert rig.webhook.details(41) == [{"leaveCode": 4}]
    left = rig.webhook.only(41).payload["sendts"]
    assert left == 1_800_000_323_250


def test_a_recorder_that_is_thrown_out_leaves(rig: NotificationRig) -> None:
    rig.recording()
    rig.client.kick(cname="daily", uid=1001, time=0)
    rig.advance(9)
    assert rig.webhook.details(41) == [{"leaveCode": 16}]
    assert rig.webhook.events()[-2:] == [31, 11]


def test_a_recorder_with_a_bad_token_reports_that_it_could_not_join(rig: NotificationRig) -> None:
    rig.client.task(token="nonsense")
    rig.advance(3, 30)
    assert rig.webhook.events() == [30, 41, 11]
    assert rig.webhook.details(41) == [{"leaveCode": 0}]
    assert rig.webhook.details(11) == [{"exitStatus": 1}]


def test_a_crash_is_a_fatal_error_and_an_abnormal_exit(rig: NotificationRig) -> None:
    rig.recording()
    rig.forget()
    rig.agora.crash("daily")
    rig.advance(0, 60)
    assert rig.webhook.events() == [1, 11]
    (error,) = rig.webhook.details(1)
    assert (error["module"], error["errorLevel"], error["stat"]) == (0, 5, 1)
    assert rig.webhook.details(11) == [{"exitStatus": 1}]


def test_a_killed_recorder_sends_nothing(rig: NotificationRig) -> None:
    rig.recording()
    rig.forget()
    rig.agora.kill("daily")
    rig.advance(0, 60, 3600)
    assert rig.webhook.events() == []


# Streams


def test_streams_are_reported_for_the_mix_when_they_start_and_stop(rig: NotificationRig) -> None:
    rig.recording()
    rig.agora.join("daily", 8, video=False)
    rig.agora.publish("daily", 7, audio=False)
    rig.forget()
    rig.agora.publish("daily", 7, video=False)
    rig.advance(1)
    rig.agora.publish("daily", 8, audio=False)
    rig.advance(1)
    got = [(each.event, each.details["streamUid"], each.details["state"]) for each in rig.webhook.received]
    assert got == [(44, "0", 1), (43, "0", 1)]
    assert rig.webhook.only(43).details["UtcMs"] == 1_800_000_024_250


def test_after_a_gap_the_new_slice_names_the_end_of_the_previous_one(rig: NotificationRig) -> None:
    rig.recording()
    rig.agora.leave("daily")
    rig.advance(5)
    rig.forget()
    rig.agora.join("daily", 7, video=False)
    rig.advance(1)
    assert rig.webhook.events() == [43, 42]
    (gap,) = rig.webhook.details(42)
    assert (gap["discontinueUtcMs"], gap["startUtcMs"]) == (1_800_000_023_250, 1_800_000_028_250)


def test_every_switch_of_a_microphone_is_reported(rig: NotificationRig) -> None:
    rig.recording()
    rig.forget()
    for _ in range(3):
        rig.agora.publish("daily", 7, audio=False)
        rig.agora.publish("daily", 7, audio=True)
    rig.advance(0)
    assert [each["state"] for each in rig.webhook.details(43)] == [1, 0, 1, 0, 1, 0]


def test_in_individual_mode_each_stream_is_reported(rig: NotificationRig) -> None:
    rig.agora.join("daily", 7)
    rid = rig.client.acquire().body["resourceId"]
    recording = {"maxIdleTime": 300, "subscribeUidGroup": 0}
    request = rig.client.request(recordingConfig=recording, recordingFileConfig={"avFileType": ["hls"]})
    assert rig.client.start(rid, mode="individual", request=request).status == 200
    rig.advance(3)
    rig.agora.join("daily", 8, video=False)
    rig.advance(1)
    assert [each["streamUid"] for each in rig.webhook.details(43)] == ["7", "8"]
    slices = [(each["streamUid"], each["trackType"], each["mixedAllUser"]) for each in rig.webhook.details(42)]
    assert slices == [("7", "audio", False), ("7", "video", False), ("8", "audio", False)]


# A move


def test_a_move_reports_the_new_uid_and_the_gap(rig: NotificationRig) -> None:
    rig.recording(20)
    rig.forget()
    new = rig.agora.move("daily").next_uid
    rig.advance(0)
    assert rig.webhook.events() == [12]
    assert rig.webhook.details(12) == [{"newUid": new}]
    assert rig.webhook.only(12).payload["uid"] == "1001"
    rig.advance(30)
    assert rig.webhook.events() == [12, 40, *FIRST_MEDIA, 30]
    assert {got.payload["uid"] for got in rig.webhook.received[1:]} == {str(new)}
    (gap,) = rig.webhook.details(42)
    # One slice of 15 s was stored, the 5 s in hand are lost with the server.
    assert (gap["discontinueUtcMs"], gap["startUtcMs"]) == (1_800_000_018_250, 1_800_000_053_250)


def test_a_moved_recorder_keeps_its_sequence_and_ends_with_its_new_uid(rig: NotificationRig) -> None:
    task = rig.recording(20)
    rig.agora.move("daily")
    rig.advance(30, 15)
    rig.stop(task)
    rig.advance(9)
    own = [each.payload["sequence"] for each in rig.webhook.received if each.payload["serviceType"] == 1]
    assert ordered(own)
    assert rig.webhook.only(31).payload["uid"] == rig.webhook.only(41).payload["uid"] != "1001"
    names = [each["fileList"] for each in rig.webhook.details(4)]
    assert names == [f"{task.sid}_daily.m3u8", f"bak0_{task.sid}_daily.m3u8"]


def test_a_recorder_that_is_moved_too_often_fails(rig: NotificationRig) -> None:
    rig.recording()
    for _ in range(3):
        rig.agora.move("daily", 1)
        rig.advance(1)
    rig.forget()
    rig.agora.move("daily")
    rig.advance(0)
    assert rig.webhook.events() == [1, 11]


# Uploads


def test_files_are_reported_once_they_are_in_the_bucket(bucket_rig: NotificationRig) -> None:
    task = bucket_rig.recording(14)
    assert bucket_rig.webhook.of(4) == []
    bucket_rig.advance(1)
    assert bucket_rig.webhook.details(4) == [{"fileList": f"{task.sid}_daily.m3u8"}]
    bucket_rig.stop(task)
    bucket_rig.advance(8.9)
    assert bucket_rig.webhook.of(31) == []
    bucket_rig.advance(0.2)
    assert bucket_rig.webhook.events()[-3:] == [41, 31, 11]
    assert bucket_rig.stored.get(f"{task.sid}_daily_0.mp4")


def test_progress_counts_uploaded_slices(bucket_rig: NotificationRig) -> None:
    bucket_rig.recording(15)
    bucket_rig.stored.down()
    bucket_rig.advance(45)
    assert bucket_rig.webhook.details(33) == [{"progress": 2500}]
    bucket_rig.stored.up()


def test_files_in_the_backup_are_reported_twice(bucket_rig: NotificationRig) -> None:
    bucket_rig.agora.uploads("daily", "backup")
    task = bucket_rig.recording()
    bucket_rig.stop(task)
    bucket_rig.forget()
    bucket_rig.advance(9, 100)
    assert bucket_rig.webhook.without(33) == [32, 11]
    assert bucket_rig.webhook.details(32)[0]["fileList"][0]["fileName"] == f"{task.sid}_daily.m3u8"
    bucket_rig.agora.restore("daily")
    bucket_rig.advance(0, 1)
    assert bucket_rig.webhook.without(33) == [32, 11, 31]


def test_late_files_are_reported_late(bucket_rig: NotificationRig) -> None:
    bucket_rig.agora.uploads("daily", "late", delay=100)
    bucket_rig.stop(bucket_rig.recording())
    bucket_rig.advance(100)
    assert bucket_rig.webhook.of(31) == []
    bucket_rig.advance(9)
    assert len(bucket_rig.webhook.of(31)) == 1


def test_files_that_never_come_are_reported_as_uploaded(bucket_rig: NotificationRig) -> None:
    bucket_rig.agora.uploads("daily", "never")
    bucket_rig.stop(bucket_rig.recording())
    bucket_rig.advance(9)
    assert [bucket_rig.stored.keys(), bucket_rig.webhook.events()[-3:]] == [[], [41, 31, 11]]


def test_a_bucket_that_refuses_everything_is_an_error_then_a_backup(bucket_rig: NotificationRig) -> None:
    task = bucket_rig.recording(14)
    bucket_rig.webhook.received.clear()
    wrong = {**bucket_rig.storage(), "secretKey": "wrong"}
    bucket_rig.client.post(task, "update", {"storageConfig": wrong})
    bucket_rig.advance(1, 5, 5)
    assert bucket_rig.webhook.events() == [1, 2]
    (error,) = bucket_rig.webhook.details(1)
    assert (error["module"], error["errorCode"], error["errorLevel"]) == (1, 32, 4)
    assert bucket_rig.webhook.details(2) == [{"module": 1, "warnCode": 31}]
    bucket_rig.stop(task)
    bucket_rig.advance(9)
    assert bucket_rig.webhook.events() == [1, 2, 41, 2, 32, 11]


def test_a_bucket_that_is_down_for_a_while_is_an_error_and_nothing_is_lost(bucket_rig: NotificationRig) -> None:
    task = bucket_rig.recording(14)
    bucket_rig.stored.down()
    bucket_rig.advance(1, 5)
    assert [(each["module"], each["errorCode"]) for each in bucket_rig.webhook.details(1)] == [(1, 47)]
    bucket_rig.stored.up()
    bucket_rig.advance(5)
    bucket_rig.stop(task)
    bucket_rig.advance(9)
    assert bucket_rig.webhook.events()[-4:] == [4, 41, 31, 11]


def test_wrong_storage_is_reported_without_a_bucket_too() -> None:
    webhook = Webhook()
    client = api_client(check_storage=True, webhook=webhook.url)
    rig = NotificationRig(client, webhook)
    task = rig.recording()
    rig.stop(task)
    rig.advance(9)
    assert webhook.events() == [*STARTING, *FIRST_MEDIA, 1, 2, 41, 2, 32, 11]
