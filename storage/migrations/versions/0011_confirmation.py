"""Until when a recording is confirmed, an answer that can't be read, and how many people there ever were"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("most_people", sa.Integer(), nullable=True))
    op.add_column("recordings", sa.Column("unreadable_answer", sa.Text(), nullable=False, server_default=""))
    op.add_column("recordings", sa.Column("confirmed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("recordings", sa.Column("query_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "recordings",
        sa.Column("confirmation_expired", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("recordings", "confirmation_expired")
    op.drop_column("recordings", "query_due_at")
    op.drop_column("recordings", "confirmed_until")
    op.drop_column("recordings", "unreadable_answer")
    op.drop_column("recordings", "most_people")
