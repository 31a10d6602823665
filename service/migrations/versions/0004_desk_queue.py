"""what the desk's queue is filtered by, and the filters that a team shares."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

HELD = sa.text("status = 'held'")
ESCALATED = sa.text("status = 'held' AND escalated")


def upgrade() -> None:
    op.create_table('saved_filters',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('query', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('actor', sa.String(length=100), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_filters')),
    sa.UniqueConstraint('name', name=op.f('uq_saved_filters_name'))
    )
    op.add_column('comments', sa.Column('checks', sa.String(length=300), nullable=False, server_default=''))
    op.create_index('ix_comments_held_priority', 'comments', ['priority', 'id'], postgresql_where=HELD, sqlite_where=HELD)
    op.create_index('ix_comments_escalated', 'comments', ['site_id', 'priority', 'id'], postgresql_where=ESCALATED, sqlite_where=ESCALATED)


def downgrade() -> None:
    op.drop_index('ix_comments_escalated', 'comments')
    op.drop_index('ix_comments_held_priority', 'comments')
    with op.batch_alter_table('comments', schema=None) as batch_op:
        batch_op.drop_column('checks')
    op.drop_table('saved_filters')
