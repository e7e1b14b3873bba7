"""The tables. Names of tables and columns stay as they are in every installation, whatever their Python names become:
`storage.rows` maps columns to the fields of `recordings.model`. Columns that only the storage uses come last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from recordings.model.recording import HOLDS_CHANNEL, OVER, State

metadata = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. SQLite stores no zone: reading adds it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        process = super().result_processor(dialect, coltype)
        return process and _lenient(process)


def _lenient(process: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """SQLite stores anything in any column. A value that is no moment is passed on as it is: it makes its own row
    unreadable, and not the whole query fail."""

    def read(value: Any) -> Any:
        try:
            return process(value)
        except (ValueError, TypeError):
            return value

    return read


class Name(TypeDecorator[str]):
    """A member of an enumeration, stored as its text. `storage.rows` makes members of the texts, row by row."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else str(value)


DomainValue = JSON(none_as_null=True)
"""A value of the domain as JSON. `storage.rows` knows its keys."""


def _one_of(column: str, states: frozenset[State]) -> str:
    return f"{column} IN ({', '.join(repr(str(state)) for state in sorted(states))})"


def _condition(sql: str) -> ColumnElement[bool]:
    """A condition of a partial index. A query uses the index only if it repeats these words, without parameters."""
    return cast(ColumnElement[bool], text(sql))


ACTIVE = _condition(f"NOT {_one_of('state', OVER)}")
INCOMPLETE = _condition(f"(NOT {_one_of('state', OVER)} OR files_awaited)")
TAKES_CHANNEL = _condition(_one_of("state", HOLDS_CHANNEL))
_CARD_DUE = text("version > card_version")
UNWANTED = _condition("gone_at IS NULL AND NOT wanted")
UNPROCESSED = _condition("heeded_at IS NULL AND recording_id IS NOT NULL")
_UNDELIVERED = text("done_at IS NULL")
_REPLY_DUE = text("response_url IS NOT NULL")
_OPEN = text("closed_at IS NULL")
_RESOLUTION_DUE = text("resolution_due_at IS NOT NULL")


def _where(condition: Any) -> dict[str, Any]:
    return {"sqlite_where": condition, "postgresql_where": condition}


recordings = Table(
    "recordings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("agora_channel", String(64), nullable=False),
    Column("slack_team", String(32), nullable=False),
    Column("slack_channel", String(32), nullable=False),
    Column("started_by", String(32), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("options", DomainValue),
    # intents: only listeners write them
    Column("stop_wanted_at", UtcDateTime),
    Column("stop_wanted_by", String(32)),
    Column("ends_at", UtcDateTime),
    Column("extended_by", String(32)),
    Column("layout_wanted", Name),
    Column("layout_wanted_by", String(32)),
    Column("layout_wanted_at", UtcDateTime),
    Column("poked", Integer, nullable=False, server_default="0"),
    # facts: only the engine writes them
    Column("state", Name, nullable=False),
    Column("reason", Name),
    Column("detail", Text, nullable=False, server_default=""),
    Column("next_step_at", UtcDateTime, nullable=False),
    Column("turn_at", UtcDateTime),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("recorder_id", String(40)),
    Column("recorders", Integer, nullable=False, server_default="0"),
    Column("sid", String(128)),
    Column("started_at", UtcDateTime),
    Column("first_file_at", UtcDateTime),
    Column("found_at", UtcDateTime),
    Column("lost_parts", DomainValue),
    Column("ended_at", UtcDateTime),
    Column("status", Integer),
    Column("queried_at", UtcDateTime),
    Column("unanswered_since", UtcDateTime),
    Column("unanswered_reason", Name),
    Column("unreadable_answer", Text, nullable=False, server_default=""),
    Column("not_found_since", UtcDateTime),
    Column("not_found", Integer, nullable=False, server_default="0"),
    Column("found_empty", Integer, nullable=False, server_default="0"),
    Column("people_since", UtcDateTime),
    Column("nothing_stored_at", UtcDateTime),
    Column("present", Integer),
    Column("present_at", UtcDateTime),
    Column("most_people", Integer),
    Column("confirmed_until", UtcDateTime),
    Column("confirmation_expired", Boolean, nullable=False, server_default=false()),
    Column("query_due_at", UtcDateTime),
    Column("ending_told", String(64)),
    Column("ending", Name),
    Column("stop_accepted_at", UtcDateTime),
    Column("files", JSON, nullable=False, server_default="[]"),
    Column("uploading_status", String(32), nullable=False, server_default=""),
    Column("files_awaited", Boolean, nullable=False, server_default=false()),
    Column("delivery", DomainValue),
    Column("told", DomainValue),
    Column("shown", DomainValue),
    Column("card_ts", String(32)),
    # reported after a pause in which no replica took steps
    Column("unwatched_from", UtcDateTime),
    Column("unwatched_to", UtcDateTime),
    # the card is due while version > card_version
    Column("version", Integer, nullable=False, server_default="0"),
    Column("card_version", Integer, nullable=False, server_default="0"),
    Column("card_due_at", UtcDateTime),
    Column("card_tries", Integer, nullable=False, server_default="0"),
    # for 30 minutes the only way to answer a person in a channel in which the bot can't post
    Column("response_url", Text),
    Column("reply_due_at", UtcDateTime),
    Index("one_recording_for_a_channel", "agora_channel", unique=True, **_where(TAKES_CHANNEL)),
    Index("recordings_due", "next_step_at", **_where(ACTIVE)),
    Index("recordings_unsettled", "next_step_at", **_where(INCOMPLETE)),
    Index("recordings_undrawn", "card_due_at", **_where(_CARD_DUE)),
    Index("recordings_of_channel", "slack_channel", "requested_at"),
    Index("recordings_of_sid", "sid"),
    Index("recordings_unanswered", "requested_at", **_where(_REPLY_DUE)),
)

recorders = Table(
    "recorders",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("recording_id", String(32), nullable=False),
    Column("agora_channel", String(64), nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("wanted", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("resource_id", Text),
    Column("acquired_at", UtcDateTime),
    Column("start_sent_at", UtcDateTime),
    Column("sid", String(128)),
    Column("sid_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("gone_at", UtcDateTime),
    Column("next_step_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("stop_accepted_at", UtcDateTime),
    Column("not_found_since", UtcDateTime),
    Column("absent", Integer, nullable=False, server_default="0"),
    Column("part", Integer, nullable=False, server_default="1"),
    Column("moved_uid", BigInteger),
    Index("recorders_unwanted", "next_step_at", **_where(UNWANTED)),
    Index("recorders_of_recording", "recording_id"),
    Index("recorders_in_channel", "agora_channel", "created_at"),
    Index("recorders_of_sid", "sid"),
    Index("recorders_started", "start_sent_at", "agora_channel"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recording_id", String(32), nullable=False),
    Column("kind", Name, nullable=False),
    Column("cause", String(128), nullable=False),
    Column("reason", Name),
    Column("slack_channel", String(32), nullable=False),
    Column("recording", JSON, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("direct", Boolean, nullable=False, server_default=false()),
    Column("done_at", UtcDateTime),
    Column("ts", String(32)),
    Column("error", Text),
    # written by listeners of any replica
    Column("taken_by", String(32)),
    Column("taken_at", UtcDateTime),
    # written together with the recovery
    Column("resolved_at", UtcDateTime),
    Column("resolution_due_at", UtcDateTime),
    Column("resolution_tries", Integer, nullable=False, server_default="0"),
    Index("one_alert_for_a_cause", "recording_id", "kind", "cause", unique=True),
    Index("outbox_due", "slack_channel", "id", **_where(_UNDELIVERED)),
    Index("outbox_resolutions", "resolution_due_at", **_where(_RESOLUTION_DUE)),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("recording_id", String(32), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Index("requests_received", "received_at"),
)

audit_events = Table(
    "acts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("who", String(32), nullable=False),
    Column("what", Name, nullable=False),
    Column("source", Name, nullable=False),
    Column("recording_id", String(32), nullable=False),
    Column("slack_channel", String(32), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Index("acts_at", "at"),
    Index("acts_of_recording", "recording_id"),
)

timeline_entries = Table(
    "lines",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recording_id", String(32), nullable=False),
    Column("slack_channel", String(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("what", Name, nullable=False),
    Column("who", String(32), nullable=False),
    Column("moment", UtcDateTime),
    Column("layout", Name),
    Column("detail", Text, nullable=False, server_default=""),
    Column("due_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("done_at", UtcDateTime),
    Index("lines_due", "slack_channel", "id", **_where(_UNDELIVERED)),
)

notifications = Table(
    "notices",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("event", Integer, nullable=False),
    Column("agora_channel", String(64), nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("sid", String(128), nullable=False),
    Column("sequence", BigInteger),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("recording_id", String(32)),
    Column("heeded_at", UtcDateTime),
    Index("notices_not_heeded", "recording_id", "received_at", **_where(UNPROCESSED)),
    Index("notices_of_recording", "recording_id"),
    Index("notices_of_sid", "sid"),
    Index("notices_of_recorder", "agora_channel", "uid"),
    Index("notices_received", "received_at"),
)

incidents = Table(
    "troubles",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("slack_channel", String(32), nullable=False),
    Column("reason", Name, nullable=False),
    Column("recording_id", String(32), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("one_open_trouble_for_a_channel", "slack_channel", unique=True, **_where(_OPEN)),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("renewed_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
