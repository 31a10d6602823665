"""whose password is still the first one; an account of before counts as having chosen."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A plain '0' is added in place; anything else would make SQLite's table anew, which sessions point to.
    op.add_column('moderators', sa.Column('first_password', sa.Boolean(), nullable=False, server_default='0'))


def downgrade() -> None:
    op.drop_column('moderators', 'first_password')
