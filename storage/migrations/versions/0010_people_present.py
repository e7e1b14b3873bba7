"""How many people were in the channel"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("present", sa.Integer(), nullable=True))
    op.add_column("recordings", sa.Column("present_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("recordings", "present_at")
    op.drop_column("recordings", "present")
