"""What Agora told of a recording by itself, and the uid of a recorder that it moved"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("told", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("recorders", sa.Column("moved_uid", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("recorders", "moved_uid")
    op.drop_column("recordings", "told")
