"""what waits for a first decision, counted from an index."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_comments_waiting', 'comments', ['site_id', 'created_at'], postgresql_where=sa.text("status = 'held' AND NOT escalated"), sqlite_where=sa.text("status = 'held' AND escalated = 0"))


def downgrade() -> None:
    op.drop_index('ix_comments_waiting', 'comments')
