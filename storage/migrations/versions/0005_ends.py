"""When somebody wants a recording to end, who put that off, and the last warning before it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("recordings", sa.Column("extended_by", sa.String(length=32), nullable=True))
    op.add_column("recordings", sa.Column("ending_told", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("recordings", "ending_told")
    op.drop_column("recordings", "extended_by")
    op.drop_column("recordings", "ends_at")
