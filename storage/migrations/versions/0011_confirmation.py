"""Until when a recording is confirmed, and how many people it ever had"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("most_people", sa.Integer(), nullable=True))
    op.add_column("recordings", sa.Column("confirmed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "recordings",
        sa.Column("confirmation_expired", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("recordings", "confirmation_expired")
    op.drop_column("recordings", "confirmed_until")
    op.drop_column("recordings", "most_people")
