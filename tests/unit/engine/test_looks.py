"""Looking into the bucket: what is the recording's, and what the storage refuses."""

from __future__ import annotations

import pytest

from engine.bucket_checks import BucketChecks
from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong, ObjectMissing
from recordings.model.inventory import BucketListing, inspect
from recordings.model.recording import Recording
from recordings.ports import NoMeter
from tests.fakes.bucket import FakeBucket
from tests.fakes.bucket_contents import NAME, TS_BYTES, left_by, ts_names
from tests.fakes.rows import FunctionClock, a_lost_segment, at, up

FIRST = ts_names(NAME, 2)[0]


class Counting(NoMeter):
    def __init__(self) -> None:
        self.checks: list[tuple[float, str]] = []

    def bucket_check(self, seconds: float, outcome: str) -> None:
        self.checks.append((seconds, outcome))


class Window:
    """A bucket, and somebody who looks into it while time passes."""

    def __init__(self, bucket: FakeBucket | None = None) -> None:
        self.bucket = bucket or FakeBucket()
        self.seconds = 0.0
        self.meter = Counting()
        self.checks = BucketChecks(self.bucket, self.folders, FunctionClock(of_spans=lambda: self.seconds), self.meter)

    def folders(self, recording: Recording) -> tuple[str, ...]:
        return "recordings", recording.slack_channel

    def has(self, name: str, folder: str = "recordings/C1/", **rules: int) -> None:
        for key, content in left_by(name, **rules).items():  # type: ignore[arg-type]
            self.bucket.has(folder + key, content if isinstance(content, str) else b"x" * content)

    def sees(self, recording: Recording | None = None) -> BucketListing:
        found = self.checks.check(recording or up())
        assert isinstance(found, BucketListing)
        return found


@pytest.fixture
def window() -> Window:
    return Window()


def names(sighting: BucketListing) -> set[str]:
    return {file.key.removeprefix("recordings/C1/") for file in sighting.files}


def test_what_every_server_left_is_found_with_the_text_of_its_playlist(window: Window) -> None:
    window.has(NAME)
    window.has(f"bak0_{NAME}")
    found = window.sees()

    assert names(found) == set(left_by()) | set(left_by(f"bak0_{NAME}"))
    assert set(found.texts) == {f"recordings/C1/{NAME}.m3u8", f"recordings/C1/bak0_{NAME}.m3u8"}
    assert inspect(found, ()).is_complete


def test_what_is_of_another_recording_or_in_another_folder_is_not_found(window: Window) -> None:
    window.has(NAME)
    window.has("OTHER_daily")
    window.has("bak0_OTHER_daily")
    window.has(NAME, "recordings/C2/")
    window.has(NAME, "SID/")

    assert names(window.sees()) == set(left_by())


def test_only_the_folder_of_the_recording_is_listed(window: Window) -> None:
    window.sees()
    window.checks.first_stored_at(up())

    assert window.bucket.listed
    assert all(prefix.startswith("recordings/C1/") for prefix in window.bucket.listed)


def test_without_a_folder_the_bucket_itself_is_looked_into() -> None:
    bucket = FakeBucket()
    bucket.has(f"{NAME}.m3u8", "#EXTM3U")
    found = BucketChecks(bucket, lambda recording: (), FunctionClock()).check(up())

    assert isinstance(found, BucketListing)
    assert [file.key for file in found.files] == [f"{NAME}.m3u8"]


def test_one_that_never_had_a_sid_has_no_files(window: Window) -> None:
    window.has(NAME)

    assert window.sees(up(sid=None)) == BucketListing()
    assert window.checks.first_stored_at(up(sid=None)) is None
    assert window.bucket.listed == [], "an empty sid would be anybody's"


def test_only_the_playlist_that_counts_is_read(window: Window) -> None:
    window.has(NAME)
    window.bucket.has(f"recordings/C1/{NAME}_22194679897_0.m3u8", "#EXTM3U")

    assert set(window.sees().texts) == {f"recordings/C1/{NAME}.m3u8"}


@pytest.mark.parametrize("name", [NAME, f"bak0_{NAME}"])
def test_a_playlist_that_goes_away_between_two_requests_is_not_taken_for_read(name: str) -> None:
    class Moving(FakeBucket):
        def text(self, key: str) -> str:
            if key.endswith(f"/{name}.m3u8"):
                raise ObjectMissing("NoSuchKey")
            return super().text(key)

    window = Window(Moving())
    window.has(NAME)
    window.has(f"bak0_{NAME}")

    assert not inspect(window.sees(), ()).is_playable


ERRORS = [BucketDenied("AccessDenied"), BucketWrong("NoSuchBucket"), BucketUnreachable("NoAnswer"), BucketError("X")]


@pytest.mark.parametrize("error", ERRORS)
def test_what_the_storage_refuses_is_an_answer_and_counted(window: Window, error: BucketError) -> None:
    window.bucket.error = error

    assert window.checks.check(up()) is error
    assert window.meter.checks == [(0.0, type(error).__name__)]


def test_a_playlist_that_may_not_be_read_is_refused_too() -> None:
    class Listed(FakeBucket):
        def text(self, key: str) -> str:
            raise BucketDenied("AccessDenied")

    window = Window(Listed())
    window.has(NAME)

    assert isinstance(window.checks.check(up()), BucketDenied)


def test_a_look_that_was_answered_is_counted_with_its_time() -> None:
    class Slow(FakeBucket):
        def text(self, key: str) -> str:
            slow.seconds += 2.5
            return super().text(key)

    slow = Window(Slow())
    slow.has(NAME)
    slow.sees()

    assert slow.meter.checks == [(2.5, "ok")]


def test_a_mistake_of_ours_is_no_answer(window: Window) -> None:
    def folders(recording: Recording) -> tuple[str, ...]:
        raise KeyError("x")

    with pytest.raises(KeyError):
        BucketChecks(window.bucket, folders, FunctionClock()).check(up())


# the first file


def test_the_first_file_is_as_old_as_the_oldest_of_the_recording(window: Window) -> None:
    assert window.checks.first_stored_at(up()) is None

    window.bucket.has("recordings/C1/OTHER_daily_1.ts", b"x", at(1))
    assert window.checks.first_stored_at(up()) is None

    window.bucket.has(f"recordings/C1/{NAME}.m3u8", b"x", at(30))
    window.bucket.has(f"recordings/C1/{FIRST}", b"x" * TS_BYTES, at(20))
    assert window.checks.first_stored_at(up()) == at(20)


@pytest.mark.parametrize("error", ERRORS)
def test_a_bucket_that_did_not_answer_is_not_asked_for_it_again_for_a_minute(
    window: Window, error: BucketError
) -> None:
    asked = 0

    class Refusing(FakeBucket):
        def _ask(self, call: str) -> None:
            nonlocal asked
            asked += 1
            super()._ask(call)

    window = Window(Refusing(error))
    for seconds in (0, 1, 30, 59, 60, 90):
        window.seconds = seconds
        assert window.checks.first_stored_at(up()) is None
    assert asked == 2

    window.bucket.error = None
    window.has(NAME)
    assert window.sees().files, "a recording that is over is looked for all the same"
    window.seconds = 120
    assert window.checks.first_stored_at(up()) is not None


def test_what_every_part_left_is_found_part_by_part_each_with_its_own_servers(window: Window) -> None:
    for name in ("FIRST_daily", "bak0_FIRST_daily", NAME, "bak0_OTHER_daily"):
        window.has(name)
    found = window.sees(up(lost_segments=(a_lost_segment(),)))

    assert names(found) == set(left_by("FIRST_daily")) | set(left_by("bak0_FIRST_daily")) | set(left_by())
    order = ["FIRST_daily.m3u8", "bak0_FIRST_daily.m3u8", f"{NAME}.m3u8"]
    assert list(found.texts) == [f"recordings/C1/{name}" for name in order]


def test_between_two_parts_what_the_lost_one_left_is_found(window: Window) -> None:
    window.has("FIRST_daily")
    between = up(sid=None, lost_segments=(a_lost_segment(resumed_at=None),))

    assert names(window.sees(between)) == set(left_by("FIRST_daily"))
    assert window.checks.first_stored_at(between) is None


def test_the_first_file_of_the_part_that_goes_on_is_none_of_an_earlier_one(window: Window) -> None:
    window.has("FIRST_daily")
    assert window.checks.first_stored_at(up(lost_segments=(a_lost_segment(),))) is None
    window.has(NAME)
    assert window.checks.first_stored_at(up(lost_segments=(a_lost_segment(),))) is not None
