"""search by words of what was judged alone, as on SQLite."""

from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

INDEX = "CREATE INDEX ix_comments_words ON comments USING gin (to_tsvector('simple', folded))"


def upgrade() -> None:
    _replace(f"{INDEX} WHERE status NOT IN ('pending', 'erased')")


def downgrade() -> None:
    _replace(INDEX)


def _replace(index: str) -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP INDEX ix_comments_words')
        op.execute(index)
