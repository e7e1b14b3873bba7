"""Values as JSON, also those that a newer release wrote."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.options import Layout, Media, Options, Resolution
from recordings.model.recording import Recording
from storage.rows import columns, from_json, to_json
from tests.contract.test_steps import DELIVERY, EVERY_FACT, NEW_FACTS
from tests.fakes.rows import a_delivery, a_recording, at, over

FULL = a_recording(
    **EVERY_FACT,
    **NEW_FACTS,
    unwatched_from=at(1),
    unwatched_to=at(2),
    attempt_started_at=at(3),
    stop_at=at(4),
    ends_at=at(5),
    options=Options(media=Media.AUDIO, layout=Layout.FLOATING, resolution=Resolution.P480, lasts=90.5),
    chosen_layout=Layout.SPEAKER,
    layout_at=at(6),
)


def through_json(value: dict[str, Any]) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(json.dumps(value))
    return parsed


@pytest.mark.parametrize("delivery", [Delivery(), DELIVERY, a_delivery(1, 2, 3)])
def test_a_delivery_is_the_same_after_a_way_through_json(delivery: Delivery) -> None:
    assert from_json(through_json(to_json(over(delivery=delivery)))).delivery == delivery


@pytest.mark.parametrize(
    "recording",
    [
        a_recording(),
        over(delivery=a_delivery()),
        FULL,
    ],
)
def test_a_recording_is_the_same_after_a_way_through_json(recording: Recording) -> None:
    assert from_json(through_json(to_json(recording))) == recording


def test_unknown_keys_are_left_out_wherever_they_are() -> None:
    stored = through_json(to_json(over(delivery=a_delivery(5000))))
    stored["mood"] = "good"
    stored["delivery"]["colour"] = "blue"
    stored["delivery"]["parts"][0]["codec"] = "h265"

    assert from_json(stored) == over(delivery=a_delivery(5000))


def test_missing_keys_have_their_defaults() -> None:
    stored = through_json(to_json(over(delivery=DELIVERY)))
    del stored["files_awaited"], stored["options"], stored["shown"]
    stored["delivery"] = {"state": "ready", "parts": [{"key": "a", "size": 1}]}

    assert from_json(stored) == over(
        delivery=Delivery(state=DeliveryState.READY, media_files=(MediaFile(key="a", size=1),))
    )


def test_this_suite_sets_every_field_of_a_recording() -> None:
    unset = {field.name for field in fields(Recording) if getattr(FULL, field.name) in (None, field.default)}

    assert unset <= {"intent", "probe"}
    assert {name for name, value in columns(FULL).items() if value is None} <= {
        "stop_wanted_by",
        "extended_by",
        "layout_wanted_by",
    }


def test_fields_that_were_renamed_keep_their_stored_names() -> None:
    stored = to_json(FULL)
    reported, delivery, segment = stored["told"], stored["delivery"], stored["lost_parts"][0]

    assert {"turn_at", "recorders", "lost_parts", "shown", "nothing_stored_at"} <= stored.keys()
    assert {"present", "present_at", "ending_told", "ending"} <= stored.keys()
    assert {"notices", "exit", "exit_at", "failing_at", "failing_told", "silent_told", "missed"} <= reported.keys()
    assert "learnt_at" in reported["streams"][0]
    assert {"parts", "looks", "seen"} <= delivery.keys()
    assert {"on_at", "recorders"} <= segment.keys()
