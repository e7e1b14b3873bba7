"""What the simulated Agora tells a webhook of its recorders."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from simulator.agora import AgoraSimulator, Delivery, ManualClock, Timing
from simulator.agora.notifying import WEBHOOK_SECRET
from simulator.bucket import BucketSimulator
from tests.unit.simulator.agora_caller import Caller, Task
from tests.unit.simulator.webhook import Webhook, ordered

STARTING = [30, 40]
FIRST_MEDIA = [43, 44, 42]
AT_ONCE, SECOND, THIRD = 0, 5, 15
"""Seconds until each repeat."""


@dataclass
class Office:
    """A simulated Agora whose time a test moves, and the webhook that it notifies."""

    caller: Caller
    webhook: Webhook
    bucket: BucketSimulator | None = None

    @property
    def agora(self) -> AgoraSimulator:
        return self.caller.simulator

    def passes(self, *steps: float) -> None:
        """Let time pass, step by step, and everything due be tried."""
        for seconds in steps:
            self.caller.clock.advance(seconds)
            if self.bucket is not None:
                self.agora.carried()
            self.agora.delivered()

    def start(self, channel: str = "daily", uid: str = "1001", **changes: Any) -> Task:
        """A recorder that is in the channel, where nobody is yet."""
        if self.bucket is not None:
            changes = {"storageConfig": self.storage(self.bucket), **changes}
        task = self.caller.task(channel, uid, **changes)
        self.passes(3)
        return task

    def recording(self, seconds: float = 20, **changes: Any) -> Task:
        """A recorder that has recorded that much."""
        self.agora.join("daily", 7)
        task = self.start(**changes)
        self.passes(seconds)
        return task

    def storage(self, bucket: BucketSimulator) -> dict[str, object]:
        settings = bucket.settings
        return {
            "vendor": 11,
            "region": 0,
            "bucket": settings["STORAGE_BUCKET"],
            "accessKey": settings["STORAGE_ACCESS_KEY"],
            "secretKey": settings["STORAGE_SECRET_KEY"],
            "extensionParams": {"endpoint": bucket.endpoint},
        }

    def forget(self) -> None:
        """What came so far is of no interest."""
        self.agora.delivered()
        self.webhook.got.clear()

    def stop(self, task: Task) -> None:
        self.caller.stop(task)
        self.agora.delivered()

    def hand(self, event: int = 40, target: str = "daily", **details: Any) -> str:
        """Send one by hand, and wait until it has been tried."""
        number = self.agora.send(target, event, **details)
        self.agora.delivered()
        return number

    def last(self) -> Delivery:
        return self.agora.sent()[-1]


@pytest.fixture(scope="module")
def listening() -> Iterator[Webhook]:
    webhook = Webhook()
    yield webhook
    webhook.close()


@pytest.fixture
def webhook(listening: Webhook) -> Iterator[Webhook]:
    listening.got.clear()
    listening.statuses.clear()
    yield listening
    listening.open.set()


@pytest.fixture
def office(webhook: Webhook) -> Iterator[Office]:
    clock = ManualClock(wall_start=1_800_000_000.25)
    with AgoraSimulator(clock=clock, seed=1, qps=1000, webhook=webhook.url) as agora:
        yield Office(Caller(agora, clock), webhook)


@pytest.fixture(scope="module")
def served() -> Iterator[BucketSimulator]:
    with BucketSimulator() as bucket:
        yield bucket


@pytest.fixture
def stored(served: BucketSimulator, webhook: Webhook) -> Iterator[Office]:
    served.reset()
    clock = ManualClock()
    with AgoraSimulator(clock=clock, seed=1, qps=1000, bucket=served, webhook=webhook.url) as agora:
        yield Office(Caller(agora, clock), webhook, served)


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
    assert f"{task.sid}_daily_0.mp4" in served_keys(stored)


def test_progress_counts_what_the_bucket_has_taken(stored: Office) -> None:
    assert stored.bucket is not None
    stored.recording(15)
    stored.bucket.down()
    stored.passes(45)
    assert stored.webhook.details(33) == [{"progress": 2500}]
    stored.bucket.up()


def served_keys(office: Office) -> list[str]:
    assert office.bucket is not None
    return office.bucket.keys()


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
    assert [served_keys(stored), stored.webhook.events()[-3:]] == [[], [41, 31, 11]]


def test_a_bucket_that_refuses_everything_is_an_error_then_a_backup(stored: Office) -> None:
    task = stored.recording(14)
    stored.webhook.got.clear()
    wrong = {**part_of(stored), "secretKey": "wrong"}
    stored.caller.post(task, "update", {"storageConfig": wrong})
    stored.passes(1, 5, 5)
    assert stored.webhook.events() == [1, 2]
    (error,) = stored.webhook.details(1)
    assert (error["module"], error["errorCode"], error["errorLevel"]) == (1, 32, 4)
    assert stored.webhook.details(2) == [{"module": 1, "warnCode": 31}]
    stored.stop(task)
    stored.passes(9)
    assert stored.webhook.events() == [1, 2, 41, 2, 32, 11]


def part_of(office: Office) -> dict[str, object]:
    assert office.bucket is not None
    return office.storage(office.bucket)


def test_a_bucket_that_is_down_for_a_while_is_an_error_and_nothing_is_lost(stored: Office) -> None:
    assert stored.bucket is not None
    task = stored.recording(14)
    stored.bucket.down()
    stored.passes(1, 5)
    assert [(each["module"], each["errorCode"]) for each in stored.webhook.details(1)] == [(1, 47)]
    stored.bucket.up()
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


# Deliveries


def test_what_is_answered_well_is_sent_once(office: Office) -> None:
    office.hand()
    delivery = office.last()
    assert (delivery.outcome, delivery.status, delivery.tries, delivery.answer) == ("answered", 200, 1, "{}")
    assert delivery.at == delivery.last_at == 1_800_000_000.25
    assert delivery.notice == office.webhook.got[0].notice


def test_what_is_not_answered_well_is_repeated_with_growing_waits_and_then_given_up(office: Office) -> None:
    office.webhook.statuses[:] = [500, 204, 302, 401, 200]
    office.hand()
    assert (office.last().tries, len(office.webhook.got)) == (2, 2)  # the first repeat comes at once
    office.passes(4.9)
    assert office.last().tries == 2
    office.passes(0.2, 14.8)
    assert (office.last().tries, office.last().outcome) == (3, "waiting")
    office.passes(0.3)
    assert (office.last().tries, office.last().outcome, office.last().status) == (4, "given up", 401)
    office.passes(1000)
    assert len(office.webhook.got) == 4
    assert len({got.notice["noticeId"] for got in office.webhook.got}) == 1
    times = [got.notice["notifyMs"] - 1_800_000_000_250 for got in office.webhook.got]
    assert times == [0, 0, 5100, 20_200]
    assert {got.signed(WEBHOOK_SECRET) for got in office.webhook.got} == {(True, True)}


def test_a_repeat_that_is_answered_is_the_last(office: Office) -> None:
    office.webhook.statuses[:] = [500]
    office.hand()
    office.passes(100)
    assert (office.last().outcome, office.last().tries) == ("answered", 2)


def test_a_webhook_that_does_not_answer_in_time_gets_it_again(webhook: Webhook) -> None:
    timing = Timing().scaled(0.005)
    with AgoraSimulator(timing=timing, webhook=webhook.url) as agora:
        webhook.open.clear()
        agora.send("daily", 40)
        agora.wait_for(lambda each: each.sent()[0].tries == 2)
        assert (agora.sent()[0].status, len(agora.sent())) == (None, 1)
        webhook.open.set()
        agora.wait_for(lambda each: each.sent()[0].outcome == "answered")
        assert len({got.notice["noticeId"] for got in webhook.got}) == 1


def test_a_webhook_that_is_not_there_gets_it_when_it_is(office: Office) -> None:
    office.agora.notify("http://127.0.0.1:9/nobody")
    office.hand()
    assert (office.last().tries, office.last().status) == (2, None)
    office.agora.notify(office.webhook.url)
    office.passes(5)
    assert (office.last().tries, office.webhook.events()) == (3, [40])


def test_one_recorder_whose_webhook_hangs_keeps_no_other_one_waiting(office: Office) -> None:
    office.webhook.open.clear()
    office.agora.send("daily", 40)
    office.agora.wait_for(lambda _: len(office.webhook.got) == 1)
    office.agora.send("other", 40)
    office.agora.wait_for(lambda _: len(office.webhook.got) == 2)


def test_stopping_waits_for_no_answer(webhook: Webhook) -> None:
    webhook.open.clear()
    with AgoraSimulator(webhook=webhook.url) as agora:
        agora.send("daily", 40)
        agora.wait_for(lambda _: webhook.got)
        began = time.monotonic()
    assert time.monotonic() - began < 2


def test_without_a_webhook_nothing_is_told_afterwards_either(webhook: Webhook) -> None:
    clock = ManualClock()
    with AgoraSimulator(clock=clock, seed=1, qps=1000) as agora:
        caller = Caller(agora, clock)
        task = caller.recorded()
        assert "AGORA_WEBHOOK_SECRET" not in agora.settings
        assert agora.sent() == []
        with pytest.raises(LookupError):
            agora.send("daily", 40)
        agora.notify(webhook.url, "secret")
        caller.stop(task)
        Office(caller, webhook).passes(0, 9)
        assert webhook.events() == [41, 31, 11]
        agora.notify(None)
        caller.recorded(uid="1002")
        assert len(agora.sent()) == 3


def test_time_that_runs_by_itself_brings_every_notice(webhook: Webhook) -> None:
    timing = Timing().scaled(0.01)
    with AgoraSimulator(timing=timing, seed=1, app_certificate="", webhook=webhook.url) as agora:
        clock = ManualClock()
        caller = Caller(agora, clock)
        agora.join("daily", 7)
        task = caller.task(token="")
        agora.wait_for(lambda each: each.sent(4))
        caller.stop(task)
        agora.wait_for(lambda each: [sent for sent in each.sent(11) if sent.outcome == "answered"])
    assert webhook.without(33) == [*STARTING, *FIRST_MEDIA, 4, 41, 31, 11]


# Faults


def test_a_doubled_notice_comes_again_under_the_same_and_under_another_id(office: Office) -> None:
    office.agora.notices("daily", 40, double=True)
    office.start()
    got = office.webhook.of(40)
    assert [got[0].notice["noticeId"] == each.notice["noticeId"] for each in got] == [True, True, False]
    assert [each.payload for each in got] == [got[0].payload] * 3
    assert len(office.webhook.of(30)) == 1


def test_a_delayed_notice_comes_later_and_still_says_when_it_happened(office: Office) -> None:
    office.agora.notices("daily", 40, delay=60)
    office.start()
    office.passes(59)
    assert office.webhook.of(40) == []
    office.passes(1)
    assert office.webhook.only(40).payload["sendts"] == 1_800_000_003_250


def test_a_lost_notice_is_counted_and_never_sent(office: Office) -> None:
    office.agora.notices("daily", 40, lost=True)
    office.recording()
    office.passes(100)
    assert office.webhook.of(40) == []
    assert [got.payload["sequence"] for got in office.webhook.of(43)] == [1]
    (lost,) = office.agora.sent(40)
    assert (lost.outcome, lost.tries, lost.status, lost.at) == ("lost", 0, None, None)


def test_shuffled_notices_come_together_and_in_a_wrong_order(office: Office) -> None:
    office.agora.notices("daily", reorder=True, window=2)
    office.recording(1)
    assert office.webhook.events() == []
    office.passes(1)
    assert sorted(office.webhook.events()) == sorted([*STARTING, *FIRST_MEDIA])
    sequences = [got.payload["sequence"] for got in office.webhook.got if got.payload["serviceType"] == 1]
    assert not ordered(sequences) or office.webhook.events()[0] != 30


def test_two_shuffled_notices_change_places(office: Office) -> None:
    office.agora.notices("daily", reorder=True, window=2)
    office.start()
    office.passes(2)
    assert office.webhook.events() == [40, 30]


def test_a_forged_notice_has_wrong_signatures(office: Office) -> None:
    office.agora.notices(event=40, forged=True)
    office.start()
    assert [(got.event, got.signed(WEBHOOK_SECRET)) for got in office.webhook.got] == [
        (30, (True, True)),
        (40, (False, False)),
    ]


def test_the_most_particular_rule_counts_and_an_empty_one_ends_it(office: Office) -> None:
    office.agora.notices(lost=True)
    office.agora.notices("daily")
    office.agora.notices("daily", 40, lost=True)
    office.start()
    office.start("other", "1002")
    assert office.webhook.events() == [30]
    assert [each.outcome for each in office.agora.sent(channel="other")] == ["lost", "lost"]


# By hand


def test_any_notice_can_be_sent_by_hand_also_after_the_end(office: Office) -> None:
    task = office.recording()
    office.stop(task)
    office.passes(600)
    office.forget()
    number = office.hand(1, task.sid, module=2, errorCode=50)
    got = office.webhook.only(1)
    assert got.notice["noticeId"] == number
    assert (got.payload["sid"], got.payload["cname"], got.payload["uid"]) == (task.sid, "daily", "1001")
    assert (got.details["module"], got.details["errorCode"], got.details["errorLevel"]) == (2, 50, 5)


def test_a_notice_can_be_of_nobody(office: Office) -> None:
    office.start()
    office.forget()
    office.hand(11, "daily", sid="f" * 32, uid=5, sequence=77, exitStatus=1)
    office.hand(31, "a channel where nobody ever was", forged=True)
    first, second = office.webhook.got
    assert (first.payload["sid"], first.payload["uid"], first.payload["sequence"]) == ("f" * 32, "5", 77)
    assert first.details == {"msgName": "session_exit", "exitStatus": 1}
    assert (second.payload["cname"], second.signed(WEBHOOK_SECRET)) == (
        "a channel where nobody ever was",
        (False, False),
    )


def test_what_is_sent_by_hand_goes_by_no_rule_and_counts_on(office: Office) -> None:
    office.agora.notices(lost=True)
    office.start()
    office.hand(43, state=1)
    assert office.webhook.only(43).payload["sequence"] == 1


def test_wrong_wishes_are_refused(office: Office) -> None:
    with pytest.raises(ValueError, match="event must be"):
        office.agora.send("daily", 5)
    with pytest.raises(ValueError, match="http"):
        office.agora.notify("127.0.0.1:80")
    with pytest.raises(ValueError, match="stop_code"):
        office.agora.notify(office.webhook.url, stop_code=1)


def test_a_reset_forgets_notices_and_rules_and_keeps_the_webhook(office: Office) -> None:
    office.agora.notices(lost=True)
    office.recording()
    office.agora.reset()
    assert office.agora.sent() == []
    office.start()
    assert office.webhook.events() == STARTING


def test_all_of_it_can_be_done_over_the_control_api(office: Office) -> None:
    def post(command: str, **arguments: object) -> Any:
        reply = requests.post(f"{office.agora.control_url}/{command}", json=arguments, timeout=5).json()
        assert reply["ok"], reply
        return reply["result"]

    post("notify", url=office.webhook.url, secret="told over HTTP")
    post("notices", channel="daily", event=40, double=True)
    office.start()
    number = post("send", target="daily", event=12, newUid=99)
    post("delivered")
    assert office.webhook.events() == [30, 40, 40, 40, 12]
    query = {"event": "12", "channel": "daily"}
    (sent,) = requests.get(f"{office.agora.control_url}/sent", params=query, timeout=5).json()["result"]
    assert (sent["notice"]["noticeId"], sent["status"], sent["tries"]) == (number, 200, 1)
    assert sent["notice"]["payload"]["details"]["newUid"] == 99
