"""The files that the simulated recorder uploads, and when."""

from __future__ import annotations

import json
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.agora import AgoraOptions, AgoraServer, AgoraSimulator, ManualClock, Timing
from simulator.agora.state.upload_rules import UploadRule
from simulator.agora.uploads.plan import files_due, fingerprint, next_change
from simulator.bucket import BucketOptions, BucketSimulator
from tests.unit.simulator.agora_client import ApiClient, Task, api_client
from tests.unit.simulator.media_player import named, play, play_hls

HLS = {"avFileType": ["hls"]}


@dataclass
class Studio:
    """A simulated Agora whose time a test moves, and its bucket."""

    client: ApiClient
    bucket: BucketSimulator

    @property
    def agora(self) -> AgoraSimulator:
        return self.client.simulator

    def storage(self, **changes: object) -> dict[str, object]:
        settings = self.bucket.settings
        return {
            "vendor": 11,
            "region": 0,
            "bucket": settings["STORAGE_BUCKET"],
            "accessKey": settings["STORAGE_ACCESS_KEY"],
            "secretKey": settings["STORAGE_SECRET_KEY"],
            "extensionParams": {"endpoint": self.bucket.endpoint},
            "fileNamePrefix": ["calls", "20260102"],
            **changes,
        }

    def start(self, *, channel: str = "daily", **changes: object) -> Task:
        """A recorder that has just joined, with somebody talking."""
        self.agora.join(channel, 7)
        wanted: dict[str, Any] = {"storageConfig": self.storage(), **changes}
        task = self.client.task(channel, **wanted)
        self.client.clock.advance(3)
        self.client.status(task)
        return task

    def recording(self, seconds: float = 20, **changes: Any) -> Task:
        """A recorder that has recorded for that long; its due files are uploaded."""
        task = self.start(**changes)
        self.advance(seconds)
        self.agora.upload_due()
        assert self.client.status(task) == 5
        return task

    def advance(self, seconds: float) -> None:
        self.client.clock.advance(seconds)

    def stop(self, task: Task) -> Any:
        return self.client.stop(task).state

    def carried(self) -> list[str]:
        """The files, when everything that is due now is there."""
        self.agora.upload_due()
        return self.bucket.keys()

    def text(self, key: str) -> str:
        return self.bucket.get(key).decode()

    def played(self, key: str, folder: Path) -> float:
        """How long that playlist lasts when it is played."""
        home = key.rpartition("/")[0]
        return play_hls(self.text(key), lambda name: self.bucket.get(f"{home}/{name}"), folder).seconds


def new_studio(**options: Any) -> Studio:
    clock = ManualClock()
    bucket = BucketSimulator(BucketOptions(store="memory"), clock=clock)
    agora = AgoraSimulator(AgoraOptions(**{"seed": 1, "qps": 1000, **options}), clock=clock, bucket=bucket)
    return Studio(ApiClient(agora, clock), bucket)


@pytest.fixture
def studio() -> Studio:
    return new_studio()


def names(keys: list[str], task: Task) -> list[str]:
    """The names without folder and sid; each slice is called `slice`."""
    short = [key.removeprefix("calls/20260102/").replace(f"{task.sid}_daily", "") for key in keys]
    return ["slice" if name.endswith(".ts") else name for name in short]


# While it records


def test_the_first_file_and_status_5_come_with_the_first_slice(studio: Studio) -> None:
    task = studio.start()
    studio.advance(14)
    assert studio.carried() == []
    assert studio.client.status(task) == 4
    studio.advance(1)
    keys = studio.carried()
    assert names(keys, task) == [".m3u8", "slice"]
    assert studio.client.status(task) == 5


def test_slices_are_named_after_the_recording_the_channel_and_when_they_began(studio: Studio) -> None:
    task = studio.recording(31)
    slices = [key for key in studio.carried() if key.endswith(".ts")]
    stamps = [key.removeprefix(f"calls/20260102/{task.sid}_daily_").removesuffix(".ts") for key in slices]
    assert all(len(stamp) == 17 and stamp.isdecimal() for stamp in stamps)
    joined = studio.agora.recorder("daily").started_at + 3
    expected = time.strftime("%Y%m%d%H%M%S", time.gmtime(joined))
    assert stamps[0].startswith(expected)
    assert len(stamps) == 2


def test_the_playlist_grows_slice_by_slice_without_an_end(studio: Studio) -> None:
    task = studio.recording(16)
    playlist = f"calls/20260102/{task.sid}_daily.m3u8"
    assert [seconds for seconds, _ in named(studio.text(playlist))] == [15]
    studio.advance(30)
    studio.carried()
    assert [seconds for seconds, _ in named(studio.text(playlist))] == [15, 15, 15]
    assert "#EXT-X-ENDLIST" not in studio.text(playlist)


def test_the_playlist_is_written_as_agora_writes_it(studio: Studio) -> None:
    task = studio.recording()
    lines = studio.text(f"calls/20260102/{task.sid}_daily.m3u8").splitlines()
    assert lines[:2] == ["#EXTM3U", "#EXT-X-VERSION:3"]
    assert "#EXTINF:15.000000" in lines
    events = [line for line in lines if line.startswith("#EXT-X-AGORA-")]
    assert [event.partition(",TIME=")[0] for event in events] == [
        "#EXT-X-AGORA-ROTATE:WIDTH=64,HEIGHT=36,ROTATE=0",
        "#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=AUDIO",
        "#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=VIDEO",
    ]


def test_a_start_can_ask_for_commas_in_the_playlist(studio: Studio) -> None:
    private = json.dumps({"correctEXTINF": True})
    task = studio.recording(recordingConfig={"maxIdleTime": 300, "privateParams": private})
    assert "#EXTINF:15.000000,\n" in studio.text(f"calls/20260102/{task.sid}_daily.m3u8")


def test_without_a_prefix_files_are_at_the_top_of_the_bucket(studio: Studio) -> None:
    task = studio.recording(storageConfig=studio.storage(fileNamePrefix=[]))
    assert f"{task.sid}_daily.m3u8" in studio.carried()


# After the end


def test_the_last_slice_comes_after_the_end_and_the_mp4_after_that(studio: Studio, tmp_path: Path) -> None:
    task = studio.recording(37)
    studio.stop(task)
    studio.advance(3.9)
    assert names(studio.carried(), task) == [".m3u8", "slice", "slice"]
    studio.advance(0.2)
    assert names(studio.carried(), task) == [".m3u8", "slice", "slice", "slice"]
    studio.advance(5)
    assert names(studio.carried(), task) == [".m3u8", "_0.mp4", "slice", "slice", "slice"]
    home = f"calls/20260102/{task.sid}_daily"
    assert studio.text(f"{home}.m3u8").endswith("#EXT-X-ENDLIST\n")
    assert [seconds for seconds, _ in named(studio.text(f"{home}.m3u8"))] == [15, 15, 7]
    assert studio.played(f"{home}.m3u8", tmp_path) == pytest.approx(37, abs=0.2)
    assert play(studio.bucket.get(f"{home}_0.mp4")).seconds == pytest.approx(37, abs=0.2)
    assert studio.agora.recorder("daily").seconds == pytest.approx(37, abs=0.01)


def over(studio: Studio, task: Task) -> list[str]:
    """Stop a recording, wait for its last file, and list all of them."""
    studio.stop(task)
    studio.advance(10)
    return studio.carried()


def test_a_recording_shorter_than_a_slice_is_uploaded_too(studio: Studio) -> None:
    task = studio.start()
    studio.advance(6)
    assert names(over(studio, task), task) == [".m3u8", "_0.mp4", "slice"]
    assert play(studio.bucket.get(f"calls/20260102/{task.sid}_daily_0.mp4")).seconds == pytest.approx(6, abs=0.2)


def test_silence_is_not_recorded_and_the_stream_starts_again_after_it(studio: Studio, tmp_path: Path) -> None:
    task = studio.recording(20)
    studio.agora.publish("daily", 7, audio=False, video=False)
    studio.advance(100)
    studio.agora.publish("daily", 7, audio=True, video=True)
    studio.advance(10)
    over(studio, task)
    playlist = f"calls/20260102/{task.sid}_daily.m3u8"
    assert [seconds for seconds, _ in named(studio.text(playlist))] == [15, 5, 10]
    assert studio.text(playlist).count("#EXT-X-DISCONTINUITY") == 2
    assert studio.played(playlist, tmp_path) == pytest.approx(30, abs=0.3)


def test_hls_alone_makes_no_mp4(studio: Studio) -> None:
    task = studio.recording(recordingFileConfig=HLS)
    assert names(over(studio, task), task) == [".m3u8", "slice", "slice"]


def test_a_long_recording_has_several_mp4_files() -> None:
    studio = new_studio(timing=Timing(mp4_length=20))
    task = studio.recording(50)
    over(studio, task)
    mp4s = [key for key in studio.bucket.keys("calls/") if key.endswith(".mp4")]
    assert mp4s == [f"calls/20260102/{task.sid}_daily_{index}.mp4" for index in range(3)]
    assert [round(play(studio.bucket.get(key)).seconds) for key in mp4s] == [20, 20, 10]


def test_the_files_named_by_a_synchronous_stop_are_those_in_the_bucket(studio: Studio) -> None:
    task = studio.recording()
    state = studio.client.stop(task, asynchronous=False).state
    assert state["uploadingStatus"] == "uploaded"
    assert {f"calls/20260102/{each['fileName']}" for each in state["fileList"]} <= set(studio.carried())


def test_an_idle_recorder_uploads_everything(studio: Studio) -> None:
    task = studio.recording(20)
    studio.agora.leave("daily")
    studio.advance(320)
    assert names(studio.carried(), task) == [".m3u8", "_0.mp4", "slice", "slice"]


@pytest.mark.parametrize("end", ["kill", "crash"])
def test_a_dead_recorder_leaves_what_it_had_uploaded(studio: Studio, end: str) -> None:
    task = studio.recording(40)
    studio.carried()
    getattr(studio.agora, end)("daily")
    studio.advance(60)
    assert names(studio.carried(), task) == [".m3u8", "slice", "slice"]
    assert "#EXT-X-ENDLIST" not in studio.text(f"calls/20260102/{task.sid}_daily.m3u8")


def test_another_server_writes_a_playlist_and_an_mp4_of_its_own(studio: Studio, tmp_path: Path) -> None:
    task = studio.recording(20)
    studio.agora.move("daily", 30)
    studio.advance(31)
    assert studio.client.status(task) == 4
    studio.advance(24)
    studio.carried()
    assert studio.client.status(task) == 5
    keys = over(studio, task)
    assert sorted(names(keys, task)) == [
        ".m3u8",
        "_0.mp4",
        "bak0_.m3u8",
        "bak0__0.mp4",
        "slice",
        "slice",
        "slice",
    ]
    home = f"calls/20260102/bak0_{task.sid}_daily"
    seconds = studio.played(f"{home}.m3u8", tmp_path)
    assert seconds == pytest.approx(24, abs=1.1)
    assert play(studio.bucket.get(f"{home}_0.mp4")).seconds == pytest.approx(seconds, abs=0.2)


def test_individual_mode_has_a_playlist_for_each_stream_and_no_mp4(studio: Studio) -> None:
    studio.agora.join("daily", 7)
    rid = studio.client.acquire().body["resourceId"]
    request = studio.client.request(
        storageConfig=studio.storage(),
        recordingConfig={"subscribeUidGroup": 0, "maxIdleTime": 300},
        recordingFileConfig=HLS,
    )
    sid = studio.client.start(rid, mode="individual", request=request).body["sid"]
    task = Task("daily", "1001", rid, sid, "individual")
    studio.advance(3)
    studio.client.status(task)
    studio.advance(17)
    keys = over(studio, task)
    tracks = [f"calls/20260102/{sid}_daily__uid_s_7__uid_e_{kind}" for kind in ("audio", "video")]
    assert [key for key in keys if key.endswith(".m3u8")] == [f"{track}.m3u8" for track in tracks]
    for track, kind in zip(tracks, ("audio", "video"), strict=True):
        slices = [name for _, name in named(studio.text(f"{track}.m3u8"))]
        assert all(name.startswith(f"{track.rpartition('/')[2]}_") for name in slices)
        played = play(studio.bucket.get(f"calls/20260102/{slices[0]}"))
        assert getattr(played, kind) == pytest.approx(15, abs=0.2)
        assert min(played.audio, played.video) == 0


# Upload rules


def test_late_files_come_after_the_delay(studio: Studio) -> None:
    studio.agora.uploads("daily", "late", delay=60)
    task = studio.recording()
    assert names(over(studio, task), task) == [".m3u8", "slice"]
    studio.advance(60)
    assert names(studio.carried(), task) == [".m3u8", "_0.mp4", "slice", "slice"]


def test_with_never_from_the_start_agora_claims_files_in_an_empty_bucket(studio: Studio) -> None:
    studio.agora.uploads(mode="never")
    task = studio.recording()
    assert studio.client.query(task).state["fileList"]
    assert over(studio, task) == []


def test_with_never_from_now_on_earlier_files_stay(studio: Studio) -> None:
    task = studio.recording()
    studio.agora.uploads("daily", "never")
    assert names(over(studio, task), task) == [".m3u8", "slice"]


def test_with_partly_the_playlist_names_a_missing_slice(studio: Studio) -> None:
    studio.agora.uploads("daily", "partly+no_mp4")
    task = studio.recording(40)
    keys = over(studio, task)
    assert names(keys, task) == [".m3u8", "slice", "slice"]
    slices = [name for _, name in named(studio.text(f"calls/20260102/{task.sid}_daily.m3u8"))]
    assert len(slices) == 3
    assert f"calls/20260102/{slices[-1]}" not in keys


@pytest.mark.parametrize(("mode", "size"), [("empty", 0), ("tiny", 112)])
def test_an_mp4_can_be_empty(studio: Studio, mode: str, size: int) -> None:
    studio.agora.uploads("daily", mode)
    task = studio.recording()
    over(studio, task)
    assert len(studio.bucket.get(f"calls/20260102/{task.sid}_daily_0.mp4")) == size


def test_an_mp4_can_be_missing(studio: Studio) -> None:
    studio.agora.uploads("daily", "no_mp4")
    task = studio.recording()
    assert names(over(studio, task), task) == [".m3u8", "slice", "slice"]


def test_files_can_be_in_the_wrong_place(studio: Studio) -> None:
    studio.agora.uploads("daily", "wrong_place")
    task = studio.recording()
    assert {key.partition("/")[0] for key in over(studio, task)} == {"elsewhere"}


def test_a_rule_for_a_channel_comes_before_the_rule_for_all(studio: Studio) -> None:
    studio.agora.uploads(mode="never")
    studio.agora.uploads("daily", "normal")
    task = studio.recording()
    assert names(over(studio, task), task) == [".m3u8", "_0.mp4", "slice", "slice"]


def test_an_unknown_mode_is_an_error(studio: Studio) -> None:
    for mode, delay in [("sometimes", 0.0), ("late", 0.0), ("partly+never+x", 1.0)]:
        with pytest.raises(ValueError, match=r"mode must be|late needs"):
            studio.agora.uploads("daily", mode, delay=delay)


def test_restored_files_come_with_playlists_of_other_names(studio: Studio, tmp_path: Path) -> None:
    studio.agora.uploads("daily", "backup")
    task = studio.recording(40)
    assert studio.stop(task) == {"uploadingStatus": "backuped"}
    studio.advance(100)
    assert studio.carried() == []
    assert studio.agora.restore("daily") == [task.sid]
    keys = studio.carried()
    playlists = [key for key in keys if key.endswith(".m3u8")]
    stem, tick, index = playlists[1].removesuffix(".m3u8").rsplit("_", 2)
    assert (stem, index) == (f"calls/20260102/{task.sid}_daily", "1")
    assert playlists[0] == f"{stem}_{tick}_0.m3u8"
    assert tick.isdecimal()
    assert [len(named(studio.text(key))) for key in playlists] == [2, 3]
    assert studio.played(playlists[1], tmp_path) == pytest.approx(40, abs=0.2)
    assert play(studio.bucket.get(f"{stem}_0.mp4")).seconds == pytest.approx(40, abs=0.2)
    with pytest.raises(LookupError):
        studio.agora.restore("daily")


def test_a_backup_during_the_recording_leaves_a_shorter_plain_playlist(studio: Studio) -> None:
    task = studio.recording(20)
    studio.agora.uploads("daily", "backup")
    studio.advance(20)
    over(studio, task)
    studio.agora.restore(task.sid)
    sizes = {key: len(studio.text(key)) for key in studio.carried() if key.endswith(".m3u8")}
    plain = sizes.pop(f"calls/20260102/{task.sid}_daily.m3u8")
    assert plain < max(sizes.values())


@pytest.mark.parametrize("seed", range(5))
def test_no_file_changes_before_the_predicted_moment(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - which moments, no secrets
    client = api_client(seed=seed)
    agora, clock, rule = client.simulator, client.clock, UploadRule(delay=3)
    agora.join("daily", 7)
    task = client.task()
    recorder = agora._state.recorders[task.sid]
    known, until, files = fingerprint(recorder, rule), 0.0, files_due(recorder, rule, 0)
    for step in range(300):
        clock.advance(chance.choice([0.01, 0.3, 2, 15]))
        if chance.random() < 0.2:
            agora.publish("daily", 7, audio=chance.random() < 0.5, video=chance.random() < 0.5)
        if step == 250:
            client.stop(task)
        now = clock.monotonic() if agora.people("daily") else 0.0
        if (known, now < until) == (fingerprint(recorder, rule), True):
            assert files_due(recorder, rule, now) == files
        known, files = fingerprint(recorder, rule), files_due(recorder, rule, now)
        until = next_change(recorder, rule, now)
    assert until == math.inf
    assert files[-1].key.endswith("_0.mp4")


# With the recorder's own keys


@pytest.mark.parametrize(
    "changes",
    [
        {"accessKey": "nobody"},
        {"secretKey": "wrong"},
        {"bucket": "another"},
        {"extensionParams": {"endpoint": "s3.example.com"}},
        {"vendor": 2},
    ],
)
def test_with_a_storage_that_refuses_it_the_status_stays_4_without_files(
    studio: Studio, changes: dict[str, object]
) -> None:
    task = studio.start(storageConfig=studio.storage(**changes))
    studio.advance(60)
    assert studio.carried() == []
    assert studio.client.status(task) == 4
    assert "fileList" not in studio.client.query(task).state
    assert studio.client.stop(task).status == 200


def test_the_bucket_stands_for_amazon_s3_too(studio: Studio) -> None:
    studio.recording(storageConfig=studio.storage(vendor=1, region=7))
    assert studio.bucket.keys()


def test_the_uploads_catch_up_once_the_key_is_accepted_again(studio: Studio) -> None:
    settings = studio.bucket.settings
    studio.bucket.revoke(settings["STORAGE_ACCESS_KEY"])
    task = studio.start()
    studio.advance(40)
    studio.carried()
    assert studio.client.status(task) == 4
    assert {each.code for each in studio.bucket.requests("put")} == {"InvalidAccessKeyId"}
    studio.bucket.accept(settings["STORAGE_ACCESS_KEY"], settings["STORAGE_SECRET_KEY"])
    studio.advance(5)
    assert names(studio.carried(), task) == [".m3u8", "slice", "slice", "slice"]
    assert studio.client.status(task) == 5


def test_a_failed_upload_is_repeated(studio: Studio) -> None:
    task = studio.recording()
    studio.bucket.refuse("SlowDown", times=2)
    studio.stop(task)
    for _ in range(4):
        studio.advance(6)
        studio.carried()
    assert names(studio.bucket.keys(), task) == [".m3u8", "_0.mp4", "slice", "slice"]


def test_an_update_can_change_the_keys(studio: Studio) -> None:
    task = studio.start(storageConfig=studio.storage(secretKey="wrong"))
    studio.advance(20)
    studio.carried()
    studio.client.post(task, "update", {"storageConfig": studio.storage()})
    studio.advance(6)
    assert names(studio.carried(), task) == [".m3u8", "slice"]


def test_files_are_uploaded_with_the_key_of_the_start(studio: Studio) -> None:
    studio.recording()
    seen = studio.bucket.requests("put")
    assert {each.access_key for each in seen} == {studio.bucket.settings["STORAGE_ACCESS_KEY"]}


# In real time


def test_in_real_time_the_files_last_as_long_as_it_recorded(tmp_path: Path) -> None:
    bucket = BucketSimulator(BucketOptions(store="memory"))
    options = AgoraOptions(timing=Timing().scaled(0.02), app_certificate="", qps=1000)
    with AgoraServer(AgoraSimulator(options, bucket=bucket)) as server:
        agora = server.simulator
        studio = Studio(ApiClient(agora, ManualClock()), bucket)
        agora.join("daily", 7)
        rid = studio.client.acquire().body["resourceId"]
        sid = studio.client.start(rid, request=studio.client.request(storageConfig=studio.storage())).body["sid"]
        task = Task("daily", "1001", rid, sid)
        agora.wait_for(lambda each: len(each.recorder(sid).uploaded) >= 4)
        assert studio.client.status(task) == 5
        studio.stop(task)
        home = f"calls/20260102/{sid}_daily"
        bucket.wait_for(lambda each: each.get(f"{home}_0.mp4"))
        seconds = agora.recorder(sid).seconds
        assert seconds > 0.5
        assert play(bucket.get(f"{home}_0.mp4")).seconds == pytest.approx(seconds, abs=0.2)
        assert studio.played(f"{home}.m3u8", tmp_path) == pytest.approx(seconds, abs=0.3)


def test_the_settings_are_those_of_the_bucket_and_uploads_are_controlled_over_http_too() -> None:
    bucket = BucketSimulator(BucketOptions(store="memory"))
    with AgoraServer(AgoraSimulator(bucket=bucket)) as server:
        assert bucket.settings.items() <= server.simulator.settings.items()
        order = {"channel": "daily", "mode": "late", "delay": 2}
        assert requests.post(f"{server.control_url}/uploads", json=order, timeout=5).json()["ok"]
        assert requests.post(f"{server.control_url}/carried", json={}, timeout=5).json()["ok"]
        assert requests.post(f"{server.control_url}/restore", json={"target": "daily"}, timeout=5).status_code == 400


def test_without_a_bucket_nothing_can_be_uploaded() -> None:
    with pytest.raises(RuntimeError, match="no bucket"):
        AgoraSimulator().upload_due()
