"""Request bodies."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora import payloads
from agora.payloads import (
    ChannelType,
    RecordingProfile,
    StartRequest,
    StorageTarget,
    endpoint_host,
    expiry_hours,
    file_name_prefix,
)
from recordings.model.options import DEFAULT_OPTIONS, Layout, Media, Options, Resolution
from simulator.agora.http import checks
from tests.unit.agora.fakes import ACCESS_KEY, SECRET_KEY, STORAGE, TARGET

PROFILE = RecordingProfile()


def start_request(
    *,
    token: str = "",
    profile: RecordingProfile = PROFILE,
    storage: StorageTarget = STORAGE,
    options: Options = DEFAULT_OPTIONS,
    big_uid: int | None = None,
) -> dict[str, Any]:
    request = StartRequest(TARGET, ("C012", "20260617"), token, options, big_uid)
    sent = json.loads(json.dumps(payloads.start_body(request, profile, storage)))
    assert (sent["cname"], sent["uid"]) == ("daily", "4000000001")
    client_request: dict[str, Any] = sent["clientRequest"]
    return client_request


def test_acquire_requests_a_real_time_recording_in_any_region() -> None:
    assert payloads.acquire_body("daily", 7, PROFILE) == {
        "cname": "daily",
        "uid": "7",
        "clientRequest": {"scene": 0, "resourceExpiredHour": 72},
    }


def test_acquire_sends_the_region_of_the_profile() -> None:
    body = payloads.acquire_body("daily", 7, RecordingProfile(region="EU"))

    assert body["clientRequest"] == {"scene": 0, "resourceExpiredHour": 72, "region": "EU"}


@pytest.mark.parametrize(
    ("seconds", "hours"), [(0.5, 72), (4 * 3600, 72), (71 * 3600, 72), (72 * 3600, 73), (30 * 24 * 3600, 720)]
)
def test_a_resource_lives_an_hour_longer_than_the_longest_recording(seconds: float, hours: int) -> None:
    assert expiry_hours(seconds) == hours


def test_start_requests_one_picture_of_everybody_in_720p() -> None:
    assert start_request()["recordingConfig"] == {
        "channelType": 0,
        "streamTypes": 2,
        "maxIdleTime": 300,
        "transcodingConfig": {"width": 1280, "height": 720, "fps": 15, "bitrate": 1130, "mixedVideoLayout": 1},
    }


@pytest.mark.parametrize(
    ("resolution", "video", "live_bitrate"),
    [
        (Resolution.P360, (640, 360, 400), 800),
        (Resolution.P480, (848, 480, 610), 1220),
        (Resolution.P720, (1280, 720, 1130), 2260),
        (Resolution.P1080, (1920, 1080, 2080), 4160),
    ],
)
def test_each_resolution_has_the_bitrate_that_agora_recommends(
    resolution: Resolution, video: tuple[int, int, int], live_bitrate: int
) -> None:
    """Doc page develop/recording-video-profile."""
    options = Options(resolution=resolution)
    config = start_request(options=options)["recordingConfig"]["transcodingConfig"]
    in_live = start_request(options=options, profile=RecordingProfile(channel_type=ChannelType.LIVE))

    assert (config["width"], config["height"], config["bitrate"]) == video
    assert in_live["recordingConfig"]["transcodingConfig"]["bitrate"] == live_bitrate
    checks.check_start("start", start_request(options=options), "mix")


@pytest.mark.parametrize(
    ("layout", "request_fields"),
    [
        (Layout.FLOATING, {"mixedVideoLayout": 0}),
        (Layout.GRID, {"mixedVideoLayout": 1}),
        (Layout.SPEAKER, {"mixedVideoLayout": 2, "maxResolutionUid": "1000"}),
    ],
)
def test_each_layout_has_its_number_and_the_speaker_layout_a_uid(
    layout: Layout, request_fields: dict[str, object]
) -> None:
    config = start_request(options=Options(layout=layout), big_uid=1000)["recordingConfig"]["transcodingConfig"]
    body = payloads.layout_body(TARGET, layout, 1000)

    assert config.items() >= request_fields.items()
    assert body == {"cname": "daily", "uid": "4000000001", "clientRequest": request_fields}
    checks.check_layout("updateLayout", request_fields)


def test_the_speaker_layout_is_not_sent_without_a_uid() -> None:
    with pytest.raises(ValueError, match="needs somebody"):
        payloads.layout_body(TARGET, Layout.SPEAKER, None)


def test_audio_alone_requests_no_picture_but_still_mp4_files() -> None:
    request = start_request(options=Options(media=Media.AUDIO, layout=Layout.SPEAKER))

    assert request["recordingConfig"] == {"channelType": 0, "streamTypes": 0, "maxIdleTime": 300}
    assert request["recordingFileConfig"] == {"avFileType": ["hls", "mp4"]}
    checks.check_start("start", request, "mix")


def test_a_live_channel_has_its_own_profile_and_bitrate() -> None:
    config = start_request(profile=RecordingProfile(channel_type=ChannelType.LIVE))["recordingConfig"]

    assert (config["channelType"], config["transcodingConfig"]["bitrate"]) == (1, 2260)


def test_start_requests_mp4_files_beside_the_playlist() -> None:
    assert start_request()["recordingFileConfig"] == {"avFileType": ["hls", "mp4"]}


def test_the_idle_time_is_rounded_up_to_seconds() -> None:
    assert start_request(profile=RecordingProfile(max_idle_seconds=5.5))["recordingConfig"]["maxIdleTime"] == 6


def test_start_has_no_token_field_without_a_token() -> None:
    assert start_request(token="006abc")["token"] == "006abc"
    assert "token" not in start_request()


def test_start_sends_the_keys_of_an_encrypted_call() -> None:
    plain = start_request(profile=RecordingProfile(encryption_mode=1, encryption_secret="key"))
    salted = start_request(profile=RecordingProfile(encryption_mode=8, encryption_secret="key", encryption_salt="c2"))

    assert plain["recordingConfig"].items() >= {"decryptionMode": 1, "secret": "key"}.items()
    assert "salt" not in plain["recordingConfig"]
    assert salted["recordingConfig"].items() >= {"decryptionMode": 8, "secret": "key", "salt": "c2"}.items()
    assert "decryptionMode" not in start_request()["recordingConfig"]


def test_start_sends_the_bucket_and_the_prefix() -> None:
    assert start_request()["storageConfig"] == {
        "vendor": 1,
        "region": 1,
        "bucket": "calls",
        "accessKey": ACCESS_KEY,
        "secretKey": SECRET_KEY,
        "fileNamePrefix": ["C012", "20260617"],
    }


def test_s3_compatible_storage_is_sent_with_its_host() -> None:
    storage = StorageTarget(11, 0, "calls", ACCESS_KEY, SECRET_KEY, endpoint="https://s3.example.com/")

    assert start_request(storage=storage)["storageConfig"]["extensionParams"] == {"endpoint": "s3.example.com"}


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("s3.example.com", "s3.example.com"),
        ("http://s3.example.com", "s3.example.com"),
        (" https://s3.example.com/bucket?x=1 ", "s3.example.com"),
        ("s3.example.com:9000/", "s3.example.com:9000"),
        ("https://key:secret@s3.example.com", "s3.example.com"),
        ("", ""),
    ],
)
def test_an_endpoint_is_sent_as_a_host_alone(endpoint: str, host: str) -> None:
    assert endpoint_host(endpoint) == host


@pytest.mark.parametrize("prefix", [("a-b",), ("",), ("é",), ("x" * 128,), ("x" * 64, "y" * 64)])
def test_a_prefix_that_agora_would_reject_is_not_sent(prefix: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="prefix"):
        payloads.start_body(StartRequest(TARGET, prefix), PROFILE, STORAGE)


def test_stop_is_asynchronous() -> None:
    body = payloads.stop_body(TARGET)

    assert body == {"cname": "daily", "uid": "4000000001", "clientRequest": {"async_stop": True}}


def test_a_kicking_rule_is_for_one_uid_in_one_channel() -> None:
    assert payloads.kick_body("app", "daily", 7) == {
        "appid": "app",
        "cname": "daily",
        "uid": 7,
        "time_in_seconds": 600,
        "privileges": ["join_channel"],
    }


@pytest.mark.parametrize("uid", [0, -1, 2**32])
def test_a_uid_out_of_range_is_never_sent(uid: int) -> None:
    with pytest.raises(ValueError, match="uid"):
        payloads.kick_body("app", "daily", uid)
    with pytest.raises(ValueError, match="uid"):
        payloads.acquire_body("daily", uid, PROFILE)


@pytest.mark.parametrize(
    "fields",
    [
        {"region": "US"},
        {"encryption_mode": 9},
        {"encryption_mode": 1},
        {"encryption_mode": 7, "encryption_secret": "the-key"},
    ],
)
def test_a_profile_that_agora_would_reject_is_invalid(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"region|encryption") as rejected:
        RecordingProfile(**fields)

    assert "the-key" not in str(rejected.value)


def test_a_storage_target_needs_a_known_vendor_and_s3_an_endpoint() -> None:
    with pytest.raises(ValueError, match="vendor"):
        StorageTarget(4, 0, "calls", ACCESS_KEY, SECRET_KEY)
    with pytest.raises(ValueError, match="endpoint"):
        StorageTarget(11, 0, "calls", ACCESS_KEY, SECRET_KEY)


def test_folders_are_the_slack_channel_and_the_day() -> None:
    assert file_name_prefix("C0123ABC", date(2026, 6, 7)) == ("C0123ABC", "20260607")


@given(st.text(), st.dates())
def test_every_prefix_is_valid_for_agora(name: str, day: date) -> None:
    prefix = file_name_prefix(name, day)

    assert len("/".join(prefix)) + 1 <= 128
    assert all(re.fullmatch(r"[A-Za-z0-9]+", folder) for folder in prefix)


@given(st.text(), st.text())
def test_two_slack_channels_never_share_a_folder(one: str, other: str) -> None:
    day = date(2026, 6, 7)

    assert (file_name_prefix(one, day) == file_name_prefix(other, day)) == (one == other)
