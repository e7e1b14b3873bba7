"""What was recorded by recorders that were lost, when a query last found one up, and which part a recorder makes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("found_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("recordings", sa.Column("lost_parts", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("recorders", sa.Column("part", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("recorders", "part")
    op.drop_column("recordings", "lost_parts")
    op.drop_column("recordings", "found_at")
