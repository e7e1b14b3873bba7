"""Recordings, recorders, outbox, troubles, lease"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("slack_channel", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.JSON(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("direct", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ts", sa.String(length=32), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("one_alert_for_a_cause", ["recording_id", "kind", "cause"], unique=True)
        batch_op.create_index(
            "outbox_due",
            ["slack_channel", "id"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )

    op.create_table(
        "recorders",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("agora_channel", sa.String(length=64), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("start_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sid", sa.String(length=128), nullable=True),
        sa.Column("sid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stop_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_found_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("absent", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("recorders", schema=None) as batch_op:
        batch_op.create_index("recorders_in_channel", ["agora_channel", "created_at"], unique=False)
        batch_op.create_index("recorders_of_recording", ["recording_id"], unique=False)
        batch_op.create_index("recorders_started", ["start_sent_at", "agora_channel"], unique=False)
        batch_op.create_index(
            "recorders_unwanted",
            ["next_step_at"],
            unique=False,
            sqlite_where=sa.text("gone_at IS NULL AND NOT wanted"),
            postgresql_where=sa.text("gone_at IS NULL AND NOT wanted"),
        )

    op.create_table(
        "recordings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("agora_channel", sa.String(length=64), nullable=False),
        sa.Column("slack_team", sa.String(length=32), nullable=False),
        sa.Column("slack_channel", sa.String(length=32), nullable=False),
        sa.Column("started_by", sa.String(length=32), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stop_wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_wanted_by", sa.String(length=32), nullable=True),
        sa.Column("poked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("recorder_id", sa.String(length=40), nullable=True),
        sa.Column("recorders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sid", sa.String(length=128), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_file_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("queried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unanswered_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unanswered_reason", sa.String(length=32), nullable=True),
        sa.Column("not_found_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_found", sa.Integer(), server_default="0", nullable=False),
        sa.Column("found_empty", sa.Integer(), server_default="0", nullable=False),
        sa.Column("people_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nothing_stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=32), nullable=True),
        sa.Column("stop_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("files", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("uploading_status", sa.String(length=32), server_default="", nullable=False),
        sa.Column("card_ts", sa.String(length=32), nullable=True),
        sa.Column("unwatched_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unwatched_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("card_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("card_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("card_tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("response_url", sa.Text(), nullable=True),
        sa.Column("reply_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.create_index(
            "one_recording_for_a_channel",
            ["agora_channel"],
            unique=True,
            sqlite_where=sa.text("state IN ('interrupted', 'recording', 'starting', 'stopping')"),
            postgresql_where=sa.text("state IN ('interrupted', 'recording', 'starting', 'stopping')"),
        )
        batch_op.create_index(
            "recordings_due",
            ["next_step_at"],
            unique=False,
            sqlite_where=sa.text("NOT state IN ('ended', 'failed')"),
            postgresql_where=sa.text("NOT state IN ('ended', 'failed')"),
        )
        batch_op.create_index("recordings_of_channel", ["slack_channel", "requested_at"], unique=False)
        batch_op.create_index(
            "recordings_unanswered",
            ["requested_at"],
            unique=False,
            sqlite_where=sa.text("response_url IS NOT NULL"),
            postgresql_where=sa.text("response_url IS NOT NULL"),
        )
        batch_op.create_index(
            "recordings_undrawn",
            ["card_due_at"],
            unique=False,
            sqlite_where=sa.text("version > card_version"),
            postgresql_where=sa.text("version > card_version"),
        )

    op.create_table(
        "requests",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index("requests_received", ["received_at"], unique=False)

    op.create_table(
        "troubles",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("slack_channel", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("troubles", schema=None) as batch_op:
        batch_op.create_index(
            "one_open_trouble_for_a_channel",
            ["slack_channel"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("troubles", schema=None) as batch_op:
        batch_op.drop_index(
            "one_open_trouble_for_a_channel",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.drop_table("troubles")
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_index("requests_received")

    op.drop_table("requests")
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.drop_index(
            "recordings_undrawn",
            sqlite_where=sa.text("version > card_version"),
            postgresql_where=sa.text("version > card_version"),
        )
        batch_op.drop_index(
            "recordings_unanswered",
            sqlite_where=sa.text("response_url IS NOT NULL"),
            postgresql_where=sa.text("response_url IS NOT NULL"),
        )
        batch_op.drop_index("recordings_of_channel")
        batch_op.drop_index(
            "recordings_due",
            sqlite_where=sa.text("NOT state IN ('ended', 'failed')"),
            postgresql_where=sa.text("NOT state IN ('ended', 'failed')"),
        )
        batch_op.drop_index(
            "one_recording_for_a_channel",
            sqlite_where=sa.text("state IN ('interrupted', 'recording', 'starting', 'stopping')"),
            postgresql_where=sa.text("state IN ('interrupted', 'recording', 'starting', 'stopping')"),
        )

    op.drop_table("recordings")
    with op.batch_alter_table("recorders", schema=None) as batch_op:
        batch_op.drop_index(
            "recorders_unwanted",
            sqlite_where=sa.text("gone_at IS NULL AND NOT wanted"),
            postgresql_where=sa.text("gone_at IS NULL AND NOT wanted"),
        )
        batch_op.drop_index("recorders_started")
        batch_op.drop_index("recorders_of_recording")
        batch_op.drop_index("recorders_in_channel")

    op.drop_table("recorders")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "outbox_due", sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL")
        )
        batch_op.drop_index("one_alert_for_a_cause")

    op.drop_table("outbox")
    op.drop_table("lease")
