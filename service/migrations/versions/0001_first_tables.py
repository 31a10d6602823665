"""first tables."""

import sqlalchemy as sa
from alembic import op



revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('moderators',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('sites', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('password', sa.String(length=200), nullable=False),
    sa.Column('totp', sa.LargeBinary(), nullable=True),
    sa.Column('session_version', sa.Integer(), nullable=False),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_moderators')),
    sa.UniqueConstraint('name', name=op.f('uq_moderators_name'))
    )
    op.create_table('sites',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('origins', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('policy', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sites')),
    sa.UniqueConstraint('key', name=op.f('uq_sites_key'))
    )
    op.create_table('spent_proofs',
    sa.Column('nonce', sa.String(length=64), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('nonce', name=op.f('pk_spent_proofs'))
    )
    with op.batch_alter_table('spent_proofs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_spent_proofs_expires_at'), ['expires_at'], unique=False)

    op.create_table('tokens',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('scope', sa.String(length=20), nullable=False),
    sa.Column('sites', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tokens')),
    sa.UniqueConstraint('hash', name=op.f('uq_tokens_hash')),
    sa.UniqueConstraint('name', name=op.f('uq_tokens_name'))
    )
    op.create_table('articles',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=512), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('registered', sa.Boolean(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('approved', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['site_id'], ['sites.id'], name=op.f('fk_articles_site_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_articles')),
    sa.UniqueConstraint('site_id', 'key', name=op.f('uq_articles_site_id_key'))
    )
    op.create_table('comments',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('article_id', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('receipt_key', sa.LargeBinary(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('shown', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('folded', sa.String(), nullable=False),
    sa.Column('phone', sa.LargeBinary(), nullable=True),
    sa.Column('phone_key', sa.LargeBinary(), nullable=True),
    sa.Column('sender', sa.LargeBinary(), nullable=True),
    sa.Column('consent', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('gate', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('risk', sa.Double(), nullable=False),
    sa.Column('priority', sa.BigInteger(), nullable=False),
    sa.Column('findings', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('categories', sa.String(length=300), nullable=False),
    sa.Column('policy_version', sa.String(length=40), nullable=False),
    sa.Column('escalated', sa.Boolean(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('lease_token', sa.String(length=32), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reviewer', sa.String(length=100), nullable=True),
    sa.Column('reviewer_until', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("status IN ('pending', 'held', 'approved', 'rejected', 'erased')", name=op.f('ck_comments_status')),
    sa.ForeignKeyConstraint(['article_id'], ['articles.id'], name=op.f('fk_comments_article_id')),
    sa.ForeignKeyConstraint(['site_id'], ['sites.id'], name=op.f('fk_comments_site_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_comments')),
    sa.UniqueConstraint('receipt_key', name=op.f('uq_comments_receipt_key'))
    )
    with op.batch_alter_table('comments', schema=None) as batch_op:
        batch_op.create_index('ix_comments_article_id_status_id', ['article_id', 'status', 'id'], unique=False)
        batch_op.create_index('ix_comments_created_at', ['created_at'], unique=False)
        batch_op.create_index('ix_comments_held', ['site_id', 'priority', 'id'], unique=False, postgresql_where=sa.text("status = 'held'"), sqlite_where=sa.text("status = 'held'"))
        batch_op.create_index('ix_comments_pending', ['attempts', 'id'], unique=False, postgresql_where=sa.text("status = 'pending'"), sqlite_where=sa.text("status = 'pending'"))
        batch_op.create_index('ix_comments_phone_key_created_at', ['phone_key', 'created_at'], unique=False, postgresql_where=sa.text('phone_key IS NOT NULL'), sqlite_where=sa.text('phone_key IS NOT NULL'))
        batch_op.create_index('ix_comments_sender_created_at', ['sender', 'created_at'], unique=False)
        batch_op.create_index('ix_comments_status_id', ['status', 'id'], unique=False)

    op.create_table('decisions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('comment_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('actor', sa.String(length=100), nullable=False),
    sa.Column('act', sa.String(length=20), nullable=False),
    sa.Column('status_before', sa.String(length=10), nullable=True),
    sa.Column('status_after', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=True),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('detail', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('policy_version', sa.String(length=40), nullable=False),
    sa.Column('undoes', sa.Uuid(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comments.id'], name=op.f('fk_decisions_comment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decisions')),
    sa.UniqueConstraint('comment_id', 'version', name=op.f('uq_decisions_comment_id_version'))
    )
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.create_index('ix_decisions_at', ['at'], unique=False)

    op.create_table('fingerprints',
    sa.Column('comment_id', sa.Uuid(), nullable=False),
    sa.Column('exact', sa.LargeBinary(), nullable=False),
    sa.Column('band_0', sa.Integer(), nullable=False),
    sa.Column('band_1', sa.Integer(), nullable=False),
    sa.Column('band_2', sa.Integer(), nullable=False),
    sa.Column('band_3', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comments.id'], name=op.f('fk_fingerprints_comment_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('comment_id', name=op.f('pk_fingerprints'))
    )
    with op.batch_alter_table('fingerprints', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_fingerprints_band_0'), ['band_0'], unique=False)
        batch_op.create_index(batch_op.f('ix_fingerprints_band_1'), ['band_1'], unique=False)
        batch_op.create_index(batch_op.f('ix_fingerprints_band_2'), ['band_2'], unique=False)
        batch_op.create_index(batch_op.f('ix_fingerprints_band_3'), ['band_3'], unique=False)
        batch_op.create_index(batch_op.f('ix_fingerprints_exact'), ['exact'], unique=False)

    op.create_table('idempotency_keys',
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('comment_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comments.id'], name=op.f('fk_idempotency_keys_comment_id')),
    sa.ForeignKeyConstraint(['site_id'], ['sites.id'], name=op.f('fk_idempotency_keys_site_id')),
    sa.PrimaryKeyConstraint('site_id', 'key', name=op.f('pk_idempotency_keys'))
    )
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idempotency_keys_created_at'), ['created_at'], unique=False)

    op.create_table('reports',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('comment_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('sender', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comments.id'], name=op.f('fk_reports_comment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reports'))
    )
    with op.batch_alter_table('reports', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reports_comment_id'), ['comment_id'], unique=False)

    op.create_table('reveals',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('comment_id', sa.Uuid(), nullable=False),
    sa.Column('actor', sa.String(length=100), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comments.id'], name=op.f('fk_reveals_comment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reveals'))
    )
    with op.batch_alter_table('reveals', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reveals_comment_id'), ['comment_id'], unique=False)




def downgrade() -> None:
    with op.batch_alter_table('reveals', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reveals_comment_id'))

    op.drop_table('reveals')
    with op.batch_alter_table('reports', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reports_comment_id'))

    op.drop_table('reports')
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_idempotency_keys_created_at'))

    op.drop_table('idempotency_keys')
    with op.batch_alter_table('fingerprints', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_fingerprints_exact'))
        batch_op.drop_index(batch_op.f('ix_fingerprints_band_3'))
        batch_op.drop_index(batch_op.f('ix_fingerprints_band_2'))
        batch_op.drop_index(batch_op.f('ix_fingerprints_band_1'))
        batch_op.drop_index(batch_op.f('ix_fingerprints_band_0'))

    op.drop_table('fingerprints')
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.drop_index('ix_decisions_at')

    op.drop_table('decisions')
    with op.batch_alter_table('comments', schema=None) as batch_op:
        batch_op.drop_index('ix_comments_status_id')
        batch_op.drop_index('ix_comments_sender_created_at')
        batch_op.drop_index('ix_comments_phone_key_created_at', postgresql_where=sa.text('phone_key IS NOT NULL'), sqlite_where=sa.text('phone_key IS NOT NULL'))
        batch_op.drop_index('ix_comments_pending', postgresql_where=sa.text("status = 'pending'"), sqlite_where=sa.text("status = 'pending'"))
        batch_op.drop_index('ix_comments_held', postgresql_where=sa.text("status = 'held'"), sqlite_where=sa.text("status = 'held'"))
        batch_op.drop_index('ix_comments_created_at')
        batch_op.drop_index('ix_comments_article_id_status_id')

    op.drop_table('comments')
    op.drop_table('articles')
    op.drop_table('tokens')
    with op.batch_alter_table('spent_proofs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_spent_proofs_expires_at'))

    op.drop_table('spent_proofs')
    op.drop_table('sites')
    op.drop_table('moderators')

