"""What Agora tells by itself"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NOT_HEEDED = sa.text("heeded_at IS NULL AND recording_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("event", sa.Integer(), nullable=False),
        sa.Column("agora_channel", sa.String(length=64), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("sid", sa.String(length=128), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=True),
        sa.Column("heeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "notices_not_heeded",
        "notices",
        ["recording_id", "received_at"],
        unique=False,
        sqlite_where=_NOT_HEEDED,
        postgresql_where=_NOT_HEEDED,
    )
    op.create_index("notices_of_recording", "notices", ["recording_id"], unique=False)
    op.create_index("notices_of_sid", "notices", ["sid"], unique=False)
    op.create_index("notices_of_recorder", "notices", ["agora_channel", "uid"], unique=False)
    op.create_index("notices_received", "notices", ["received_at"], unique=False)
    # Each notice looks for whom it belongs to.
    op.create_index("recordings_of_sid", "recordings", ["sid"], unique=False)
    op.create_index("recorders_of_sid", "recorders", ["sid"], unique=False)


def downgrade() -> None:
    op.drop_index("recorders_of_sid", table_name="recorders")
    op.drop_index("recordings_of_sid", table_name="recordings")
    op.drop_index("notices_received", table_name="notices")
    op.drop_index("notices_of_recorder", table_name="notices")
    op.drop_index("notices_of_sid", table_name="notices")
    op.drop_index("notices_of_recording", table_name="notices")
    op.drop_index("notices_not_heeded", table_name="notices")
    op.drop_table("notices")
