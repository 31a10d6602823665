"""who came to the desk's door."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sign_ins',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('account', sa.String(length=80), nullable=False),
    sa.Column('act', sa.String(length=20), nullable=False),
    sa.Column('sender', sa.LargeBinary(), nullable=False),
    sa.Column('hour', sa.Integer(), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_ins')),
    sa.UniqueConstraint('account', 'act', 'sender', 'hour', name=op.f('uq_sign_ins_account_act_sender_hour'))
    )


def downgrade() -> None:
    op.drop_table('sign_ins')
