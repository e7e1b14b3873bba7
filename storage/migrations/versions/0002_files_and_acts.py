"""Files that are looked for, what was found of them, and who did what"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UNSETTLED = sa.text("(NOT state IN ('ended', 'failed') OR files_awaited)")


def upgrade() -> None:
    op.add_column("recordings", sa.Column("files_awaited", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("recordings", sa.Column("delivery", sa.JSON(none_as_null=True), nullable=True))
    op.create_index(
        "recordings_unsettled",
        "recordings",
        ["next_step_at"],
        unique=False,
        sqlite_where=_UNSETTLED,
        postgresql_where=_UNSETTLED,
    )
    op.create_table(
        "acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("slack_channel", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("acts_at", "acts", ["at"], unique=False)
    op.create_index("acts_of_recording", "acts", ["recording_id"], unique=False)


def downgrade() -> None:
    op.drop_index("acts_of_recording", table_name="acts")
    op.drop_index("acts_at", table_name="acts")
    op.drop_table("acts")
    op.drop_index("recordings_unsettled", table_name="recordings")
    op.drop_column("recordings", "delivery")
    op.drop_column("recordings", "files_awaited")
