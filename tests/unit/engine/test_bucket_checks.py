"""The engine's checks of the bucket: which files are the recording's, and what an error means."""

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


class CountingMeter(NoMeter):
    def __init__(self) -> None:
        self.checks: list[tuple[float, str]] = []

    def bucket_check(self, seconds: float, outcome: str) -> None:
        self.checks.append((seconds, outcome))


class Bench:
    """Bucket checks on a fake bucket and a clock that tests move."""

    def __init__(self, bucket: FakeBucket | None = None) -> None:
        self.bucket = bucket or FakeBucket()
        self.seconds = 0.0
        self.meter = CountingMeter()
        self.checks = BucketChecks(self.bucket, self.folders, FunctionClock(of_spans=lambda: self.seconds), self.meter)

    def folders(self, recording: Recording) -> tuple[str, ...]:
        return "recordings", recording.slack_channel

    def has(self, name: str, folder: str = "recordings/C1/", **rules: int) -> None:
        for key, content in left_by(name, **rules).items():  # type: ignore[arg-type]
            self.bucket.has(folder + key, content if isinstance(content, str) else b"x" * content)

    def listing(self, recording: Recording | None = None) -> BucketListing:
        listing = self.checks.check(recording or up())
        assert isinstance(listing, BucketListing)
        return listing


@pytest.fixture
def bench() -> Bench:
    return Bench()


def names(listing: BucketListing) -> set[str]:
    return {file.key.removeprefix("recordings/C1/") for file in listing.files}


def test_the_files_of_every_server_are_listed_with_their_playlists(bench: Bench) -> None:
    bench.has(NAME)
    bench.has(f"bak0_{NAME}")
    listing = bench.listing()

    assert names(listing) == set(left_by()) | set(left_by(f"bak0_{NAME}"))
    assert set(listing.texts) == {f"recordings/C1/{NAME}.m3u8", f"recordings/C1/bak0_{NAME}.m3u8"}
    assert inspect(listing, ()).is_complete


def test_files_of_other_recordings_and_folders_are_not_listed(bench: Bench) -> None:
    bench.has(NAME)
    bench.has("OTHER_daily")
    bench.has("bak0_OTHER_daily")
    bench.has(NAME, "recordings/C2/")
    bench.has(NAME, "SID/")

    assert names(bench.listing()) == set(left_by())


def test_only_the_folder_of_the_recording_is_listed(bench: Bench) -> None:
    bench.listing()
    bench.checks.first_stored_at(up())

    assert bench.bucket.listed
    assert all(prefix.startswith("recordings/C1/") for prefix in bench.bucket.listed)


def test_without_a_folder_the_top_of_the_bucket_is_listed() -> None:
    bucket = FakeBucket()
    bucket.has(f"{NAME}.m3u8", "#EXTM3U")
    listing = BucketChecks(bucket, lambda recording: (), FunctionClock()).check(up())

    assert isinstance(listing, BucketListing)
    assert [file.key for file in listing.files] == [f"{NAME}.m3u8"]


def test_a_recording_without_a_sid_has_no_files(bench: Bench) -> None:
    bench.has(NAME)

    assert bench.listing(up(sid=None)) == BucketListing()
    assert bench.checks.first_stored_at(up(sid=None)) is None
    assert bench.bucket.listed == [], "an empty sid would match every recording"


def test_only_the_playlist_of_the_whole_recording_is_read(bench: Bench) -> None:
    bench.has(NAME)
    bench.bucket.has(f"recordings/C1/{NAME}_22194679897_0.m3u8", "#EXTM3U")

    assert set(bench.listing().texts) == {f"recordings/C1/{NAME}.m3u8"}


@pytest.mark.parametrize("name", [NAME, f"bak0_{NAME}"])
def test_a_playlist_that_disappears_before_it_is_read_counts_as_missing(name: str) -> None:
    class Moving(FakeBucket):
        def text(self, key: str) -> str:
            if key.endswith(f"/{name}.m3u8"):
                raise ObjectMissing("NoSuchKey")
            return super().text(key)

    bench = Bench(Moving())
    bench.has(NAME)
    bench.has(f"bak0_{NAME}")

    assert not inspect(bench.listing(), ()).is_playable


ERRORS = [BucketDenied("AccessDenied"), BucketWrong("NoSuchBucket"), BucketUnreachable("NoAnswer"), BucketError("X")]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_of_the_storage_is_returned_and_counted(bench: Bench, error: BucketError) -> None:
    bench.bucket.error = error

    assert bench.checks.check(up()) is error
    assert bench.meter.checks == [(0.0, type(error).__name__)]


def test_an_error_while_reading_a_playlist_is_returned() -> None:
    class Listed(FakeBucket):
        def text(self, key: str) -> str:
            raise BucketDenied("AccessDenied")

    bench = Bench(Listed())
    bench.has(NAME)

    assert isinstance(bench.checks.check(up()), BucketDenied)


def test_a_check_is_counted_with_its_duration() -> None:
    class Slow(FakeBucket):
        def text(self, key: str) -> str:
            slow.seconds += 2.5
            return super().text(key)

    slow = Bench(Slow())
    slow.has(NAME)
    slow.listing()

    assert slow.meter.checks == [(2.5, "ok")]


def test_a_mistake_of_the_program_is_raised(bench: Bench) -> None:
    def folders(recording: Recording) -> tuple[str, ...]:
        raise KeyError("x")

    with pytest.raises(KeyError):
        BucketChecks(bench.bucket, folders, FunctionClock()).check(up())


# the first file


def test_the_first_file_is_the_oldest_of_the_recording(bench: Bench) -> None:
    assert bench.checks.first_stored_at(up()) is None

    bench.bucket.has("recordings/C1/OTHER_daily_1.ts", b"x", at(1))
    assert bench.checks.first_stored_at(up()) is None

    bench.bucket.has(f"recordings/C1/{NAME}.m3u8", b"x", at(30))
    bench.bucket.has(f"recordings/C1/{FIRST}", b"x" * TS_BYTES, at(20))
    assert bench.checks.first_stored_at(up()) == at(20)


@pytest.mark.parametrize("error", ERRORS)
def test_after_an_error_the_first_file_is_not_looked_for_within_a_minute(bench: Bench, error: BucketError) -> None:
    asked = 0

    class Refusing(FakeBucket):
        def _ask(self, call: str) -> None:
            nonlocal asked
            asked += 1
            super()._ask(call)

    bench = Bench(Refusing(error))
    for seconds in (0, 1, 30, 59, 60, 90):
        bench.seconds = seconds
        assert bench.checks.first_stored_at(up()) is None
    assert asked == 2

    bench.bucket.error = None
    bench.has(NAME)
    assert bench.listing().files, "the check of a finished recording does not wait"
    bench.seconds = 120
    assert bench.checks.first_stored_at(up()) is not None


def test_the_files_of_every_segment_are_listed_segment_by_segment(bench: Bench) -> None:
    for name in ("FIRST_daily", "bak0_FIRST_daily", NAME, "bak0_OTHER_daily"):
        bench.has(name)
    listing = bench.listing(up(lost_segments=(a_lost_segment(),)))

    assert names(listing) == set(left_by("FIRST_daily")) | set(left_by("bak0_FIRST_daily")) | set(left_by())
    order = ["FIRST_daily.m3u8", "bak0_FIRST_daily.m3u8", f"{NAME}.m3u8"]
    assert list(listing.texts) == [f"recordings/C1/{name}" for name in order]


def test_between_two_segments_the_files_of_the_lost_one_are_listed(bench: Bench) -> None:
    bench.has("FIRST_daily")
    between = up(sid=None, lost_segments=(a_lost_segment(resumed_at=None),))

    assert names(bench.listing(between)) == set(left_by("FIRST_daily"))
    assert bench.checks.first_stored_at(between) is None


def test_a_file_of_a_lost_segment_is_not_the_first_of_the_running_one(bench: Bench) -> None:
    bench.has("FIRST_daily")
    assert bench.checks.first_stored_at(up(lost_segments=(a_lost_segment(),))) is None
    bench.has(NAME)
    assert bench.checks.first_stored_at(up(lost_segments=(a_lost_segment(),))) is not None
