"""What the simulated Agora tells a webhook of its recorders."""

from __future__ import annotations

import pytest

from simulator.agora import AgoraSimulator, ManualClock
from simulator.agora.notifying import WEBHOOK_SECRET
from tests.unit.simulator.agora_caller import Caller
from tests.unit.simulator.notice_office import FIRST_MEDIA, STARTING, Office
from tests.unit.simulator.webhook import Webhook, ordered

# A life


def test_a_recording_that_is_stopped_is_told_from_beginning_to_end(office: Office) -> None:
    task = office.recording()
    assert office.webhook.events() == [*STARTING, *FIRST_MEDIA, 4]
    office.stop(task)
    office.passes(9)
    assert office.webhook.events() == [*STARTING, *FIRST_MEDIA, 4, 41, 31, 11]


def test_a_notice_says_whom_it_is_about_and_when_it_happened(office: Office) -> None:
    task = office.recording()
    got = office.webhook.only(40)
    assert got.path == "/agora?from=ncs"
    assert got.headers["content-type"] == "application/json"
    assert {name: got.notice[name] for name in ("productId", "eventType")} == {"productId": 3, "eventType": 40}
    assert got.payload == {
        "cname": "daily",
        "uid": "1001",
        "sid": task.sid,
        "sequence": 0,
        "sendts": 1_800_000_003_250,
        "serviceType": 1,
        "details": {"msgName": "recorder_started", "status": 0},
    }
    assert got.notice["notifyMs"] >= got.payload["sendts"]


def test_every_notice_has_an_id_of_its_own_and_each_module_counts_for_itself(office: Office) -> None:
    task = office.recording()
    office.start("other", "1002")
    office.stop(task)
    office.passes(9)
    got = office.webhook.got
    assert len({each.notice["noticeId"] for each in got}) == len(got)
    for service, events in ((0, [4, 11]), (1, [40, 43, 44, 42, 41]), (2, [30, 31])):
        own = [each for each in got if (each.payload["sid"], each.payload["serviceType"]) == (task.sid, service)]
        assert [each.event for each in own] == events
        assert ordered(each.payload["sequence"] for each in own)
    assert office.webhook.of(40)[1].payload["sequence"] == 0


def test_both_signatures_are_over_the_bytes_that_came(office: Office) -> None:
    office.recording()
    assert {got.signed(WEBHOOK_SECRET) for got in office.webhook.got} == {(True, True)}
    assert office.agora.settings["AGORA_WEBHOOK_SECRET"] == WEBHOOK_SECRET
    office.agora.notify(office.webhook.url, "another secret")
    office.hand()
    assert office.webhook.got[-1].signed("another secret") == (True, True)
    assert office.agora.settings["AGORA_WEBHOOK_SECRET"] == "another secret"


def test_the_first_slice_starts_where_nothing_was_before(office: Office) -> None:
    office.recording()
    assert office.webhook.details(42) == [
        {
            "startUtcMs": 1_800_000_003_250,
            "discontinueUtcMs": 1_800_000_003_250,
            "mixedAllUser": True,
            "streamUid": "0",
            "trackType": "audio_and_video",
        }
    ]


def test_the_playlist_is_told_once_it_is_stored_and_only_once(office: Office) -> None:
    task = office.recording(14.9)
    assert office.webhook.of(4) == []
    office.passes(0.2, 60)
    assert office.webhook.details(4) == [{"fileList": f"{task.sid}_daily.m3u8"}]


def test_the_files_are_named_when_everything_is_there(office: Office) -> None:
    task = office.recording()
    office.stop(task)
    office.passes(8.9)
    assert office.webhook.of(31) == []
    office.passes(0.2)
    (details,) = office.webhook.details(31)
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
    assert office.webhook.details(11) == [{"exitStatus": 0}]


def test_progress_is_told_once_a_minute_until_it_is_over(office: Office) -> None:
    task = office.recording(59)
    assert office.webhook.of(33) == []
    office.passes(1.5, 60, 10)
    assert [each["progress"] for each in office.webhook.details(33)] == [8000, 8888]
    office.stop(task)
    office.passes(9, 60, 60)
    assert len(office.webhook.of(33)) == 2


def test_nothing_comes_of_a_recorder_that_shows_no_sign_of_starting(office: Office) -> None:
    office.agora.force_new("daily", 2)
    office.recording(60)
    assert office.webhook.events() == []


def test_a_recording_of_nobody_ends_without_files(office: Office) -> None:
    task = office.start()
    assert office.webhook.events() == STARTING
    office.stop(task)
    office.passes(10)
    assert office.webhook.events() == [*STARTING, 41, 11]


# Why it left


@pytest.mark.parametrize("code", [2, 16, 18])
def test_a_stop_has_the_leave_code_that_a_test_chooses(office: Office, code: int) -> None:
    office.agora.notify(office.webhook.url, stop_code=code)
    office.stop(office.recording())
    assert office.webhook.details(41) == [{"leaveCode": code}]


def test_a_recorder_that_is_alone_too_long_leaves_by_itself(office: Office) -> None:
    office.recording()
    office.agora.leave("daily")
    office.passes(300, 9)
    assert office.webhook.without(33) == [*STARTING, *FIRST_MEDIA, 4, 43, 44, 41, 31, 11]
    assert office.webhook.details(41) == [{"leaveCode": 4}]
    left = office.webhook.only(41).payload["sendts"]
    assert left == 1_800_000_323_250


def test_a_recorder_that_is_thrown_out_leaves(office: Office) -> None:
    office.recording()
    office.caller.kick(cname="daily", uid=1001, time=0)
    office.passes(9)
    assert office.webhook.details(41) == [{"leaveCode": 16}]
    assert office.webhook.events()[-2:] == [31, 11]


def test_a_recorder_whose_token_is_bad_says_that_it_could_not_begin(office: Office) -> None:
    office.caller.task(token="nonsense")
    office.passes(3, 30)
    assert office.webhook.events() == [30, 41, 11]
    assert office.webhook.details(41) == [{"leaveCode": 0}]
    assert office.webhook.details(11) == [{"exitStatus": 1}]


def test_a_crash_is_a_fatal_error_and_an_abnormal_exit(office: Office) -> None:
    office.recording()
    office.forget()
    office.agora.crash("daily")
    office.passes(0, 60)
    assert office.webhook.events() == [1, 11]
    (error,) = office.webhook.details(1)
    assert (error["module"], error["errorLevel"], error["stat"]) == (0, 5, 1)
    assert office.webhook.details(11) == [{"exitStatus": 1}]


def test_a_recorder_that_is_killed_says_nothing_ever(office: Office) -> None:
    office.recording()
    office.forget()
    office.agora.kill("daily")
    office.passes(0, 60, 3600)
    assert office.webhook.events() == []


# What it hears


def test_it_tells_when_sound_and_picture_come_and_go_for_everybody_together(office: Office) -> None:
    office.recording()
    office.agora.join("daily", 8, video=False)
    office.agora.publish("daily", 7, audio=False)
    office.forget()
    office.agora.publish("daily", 7, video=False)
    office.passes(1)
    office.agora.publish("daily", 8, audio=False)
    office.passes(1)
    got = [(each.event, each.details["streamUid"], each.details["state"]) for each in office.webhook.got]
    assert got == [(44, "0", 1), (43, "0", 1)]
    assert office.webhook.only(43).details["UtcMs"] == 1_800_000_024_250


def test_after_silence_a_new_slice_starts_and_says_where_the_last_one_ended(office: Office) -> None:
    office.recording()
    office.agora.leave("daily")
    office.passes(5)
    office.forget()
    office.agora.join("daily", 7, video=False)
    office.passes(1)
    assert office.webhook.events() == [43, 42]
    (gap,) = office.webhook.details(42)
    assert (gap["discontinueUtcMs"], gap["startUtcMs"]) == (1_800_000_023_250, 1_800_000_028_250)


def test_who_switches_on_and_off_between_two_looks_is_told_all_the_same(office: Office) -> None:
    office.recording()
    office.forget()
    for _ in range(3):
        office.agora.publish("daily", 7, audio=False)
        office.agora.publish("daily", 7, audio=True)
    office.passes(0)
    assert [each["state"] for each in office.webhook.details(43)] == [1, 0, 1, 0, 1, 0]


def test_in_individual_mode_everybody_is_told_of(office: Office) -> None:
    office.agora.join("daily", 7)
    rid = office.caller.acquire().body["resourceId"]
    recording = {"maxIdleTime": 300, "subscribeUidGroup": 0}
    request = office.caller.request(recordingConfig=recording, recordingFileConfig={"avFileType": ["hls"]})
    assert office.caller.start(rid, mode="individual", request=request).status == 200
    office.passes(3)
    office.agora.join("daily", 8, video=False)
    office.passes(1)
    assert [each["streamUid"] for each in office.webhook.details(43)] == ["7", "8"]
    slices = [(each["streamUid"], each["trackType"], each["mixedAllUser"]) for each in office.webhook.details(42)]
    assert slices == [("7", "audio", False), ("7", "video", False), ("8", "audio", False)]


# A move


def test_a_move_names_the_new_uid_and_the_span_that_was_lost(office: Office) -> None:
    office.recording(20)
    office.forget()
    new = office.agora.move("daily").next_uid
    office.passes(0)
    assert office.webhook.events() == [12]
    assert office.webhook.details(12) == [{"newUid": new}]
    assert office.webhook.only(12).payload["uid"] == "1001"
    office.passes(30)
    assert office.webhook.events() == [12, 40, *FIRST_MEDIA, 30]
    assert {got.payload["uid"] for got in office.webhook.got[1:]} == {str(new)}
    (gap,) = office.webhook.details(42)
    # One slice of 15 s was stored, the 5 s in hand are lost with the server.
    assert (gap["discontinueUtcMs"], gap["startUtcMs"]) == (1_800_000_018_250, 1_800_000_053_250)


def test_a_moved_recorder_goes_on_counting_and_ends_under_its_new_uid(office: Office) -> None:
    task = office.recording(20)
    office.agora.move("daily")
    office.passes(30, 15)
    office.stop(task)
    office.passes(9)
    own = [each.payload["sequence"] for each in office.webhook.got if each.payload["serviceType"] == 1]
    assert ordered(own)
    assert office.webhook.only(31).payload["uid"] == office.webhook.only(41).payload["uid"] != "1001"
    names = [each["fileList"] for each in office.webhook.details(4)]
    assert names == [f"{task.sid}_daily.m3u8", f"bak0_{task.sid}_daily.m3u8"]


def test_who_is_moved_too_often_fails(office: Office) -> None:
    office.recording()
    for _ in range(3):
        office.agora.move("daily", 1)
        office.passes(1)
    office.forget()
    office.agora.move("daily")
    office.passes(0)
    assert office.webhook.events() == [1, 11]


# Uploads


def test_files_are_told_of_when_they_are_in_the_bucket(stored: Office) -> None:
    task = stored.recording(14)
    assert stored.webhook.of(4) == []
    stored.passes(1)
    assert stored.webhook.details(4) == [{"fileList": f"{task.sid}_daily.m3u8"}]
    stored.stop(task)
    stored.passes(8.9)
    assert stored.webhook.of(31) == []
    stored.passes(0.2)
    assert stored.webhook.events()[-3:] == [41, 31, 11]
    assert stored.stored.get(f"{task.sid}_daily_0.mp4")


def test_progress_counts_what_the_bucket_has_taken(stored: Office) -> None:
    stored.recording(15)
    stored.stored.down()
    stored.passes(45)
    assert stored.webhook.details(33) == [{"progress": 2500}]
    stored.stored.up()


def test_what_goes_to_the_backup_first_is_told_twice(stored: Office) -> None:
    stored.agora.uploads("daily", "backup")
    task = stored.recording()
    stored.stop(task)
    stored.forget()
    stored.passes(9, 100)
    assert stored.webhook.without(33) == [32, 11]
    assert stored.webhook.details(32)[0]["fileList"][0]["fileName"] == f"{task.sid}_daily.m3u8"
    stored.agora.restore("daily")
    stored.passes(0, 1)
    assert stored.webhook.without(33) == [32, 11, 31]


def test_files_that_come_late_are_told_of_late(stored: Office) -> None:
    stored.agora.uploads("daily", "late", delay=100)
    stored.stop(stored.recording())
    stored.passes(100)
    assert stored.webhook.of(31) == []
    stored.passes(9)
    assert len(stored.webhook.of(31)) == 1


def test_files_that_never_come_are_told_of_as_if_they_had(stored: Office) -> None:
    stored.agora.uploads("daily", "never")
    stored.stop(stored.recording())
    stored.passes(9)
    assert [stored.stored.keys(), stored.webhook.events()[-3:]] == [[], [41, 31, 11]]


def test_a_bucket_that_refuses_everything_is_an_error_then_a_backup(stored: Office) -> None:
    task = stored.recording(14)
    stored.webhook.got.clear()
    wrong = {**stored.storage(), "secretKey": "wrong"}
    stored.caller.post(task, "update", {"storageConfig": wrong})
    stored.passes(1, 5, 5)
    assert stored.webhook.events() == [1, 2]
    (error,) = stored.webhook.details(1)
    assert (error["module"], error["errorCode"], error["errorLevel"]) == (1, 32, 4)
    assert stored.webhook.details(2) == [{"module": 1, "warnCode": 31}]
    stored.stop(task)
    stored.passes(9)
    assert stored.webhook.events() == [1, 2, 41, 2, 32, 11]


def test_a_bucket_that_is_down_for_a_while_is_an_error_and_nothing_is_lost(stored: Office) -> None:
    task = stored.recording(14)
    stored.stored.down()
    stored.passes(1, 5)
    assert [(each["module"], each["errorCode"]) for each in stored.webhook.details(1)] == [(1, 47)]
    stored.stored.up()
    stored.passes(5)
    stored.stop(task)
    stored.passes(9)
    assert stored.webhook.events()[-4:] == [4, 41, 31, 11]


def test_storage_that_is_a_wrong_one_is_told_without_a_bucket_as_well(webhook: Webhook) -> None:
    clock = ManualClock()
    with AgoraSimulator(clock=clock, seed=1, check_storage=True, webhook=webhook.url) as agora:
        office = Office(Caller(agora, clock), webhook)
        task = office.recording()
        office.stop(task)
        office.passes(9)
    assert webhook.events() == [*STARTING, *FIRST_MEDIA, 1, 2, 41, 2, 32, 11]
