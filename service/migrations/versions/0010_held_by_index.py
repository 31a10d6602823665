"""what is held, found, sorted and counted from indexes alone on SQLite as well."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

HELD = sa.text("status = 'held'")
WAITING = sa.text("status = 'held' AND NOT escalated")
WAITING_SQLITE = sa.text("status = 'held' AND escalated = 0")
ESCALATED = sa.text("status = 'held' AND escalated")
ESCALATED_SQLITE = sa.text("status = 'held' AND escalated = 1")


def upgrade() -> None:
    # The old ones go last: readers wait for that on PostgreSQL, and not while the new ones are built.
    op.create_index('ix_comments_held_queue', 'comments', ['status', 'priority', 'id'], postgresql_where=HELD, sqlite_where=HELD)
    op.create_index('ix_comments_held_site', 'comments', ['status', 'site_id', 'priority', 'id'], postgresql_where=HELD, sqlite_where=HELD)
    op.create_index('ix_comments_held_waiting', 'comments', ['status', 'escalated', 'site_id', 'created_at'], postgresql_where=WAITING, sqlite_where=WAITING_SQLITE)
    op.create_index('ix_comments_held_escalated', 'comments', ['status', 'escalated', 'site_id', 'priority', 'id'], postgresql_where=ESCALATED, sqlite_where=ESCALATED_SQLITE)
    for name in ('held', 'held_priority', 'waiting', 'escalated'):
        op.drop_index(f'ix_comments_{name}', 'comments')


def downgrade() -> None:
    op.create_index('ix_comments_held', 'comments', ['site_id', 'priority', 'id'], postgresql_where=HELD, sqlite_where=HELD)
    op.create_index('ix_comments_held_priority', 'comments', ['priority', 'id'], postgresql_where=HELD, sqlite_where=HELD)
    op.create_index('ix_comments_waiting', 'comments', ['site_id', 'created_at'], postgresql_where=WAITING, sqlite_where=WAITING_SQLITE)
    op.create_index('ix_comments_escalated', 'comments', ['site_id', 'priority', 'id'], postgresql_where=ESCALATED, sqlite_where=ESCALATED)
    for name in ('queue', 'site', 'waiting', 'escalated'):
        op.drop_index(f'ix_comments_held_{name}', 'comments')
