"""When a warning was resolved, and whether its message shows it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_DUE = sa.text("resolution_due_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("resolution_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("resolution_tries", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("outbox_resolutions", "outbox", ["resolution_due_at"], sqlite_where=_DUE, postgresql_where=_DUE)


def downgrade() -> None:
    op.drop_index("outbox_resolutions", table_name="outbox")
    op.drop_column("outbox", "resolution_tries")
    op.drop_column("outbox", "resolution_due_at")
    op.drop_column("outbox", "resolved_at")
