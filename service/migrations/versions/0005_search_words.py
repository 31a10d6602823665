"""search by an index of words."""

from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

# The id is a word of the index as well, so that a row is found again without a scan when it is erased.
SQLITE = (
    """CREATE VIRTUAL TABLE comment_words USING fts5(id, words, detail=column, tokenize="unicode61")""",
    """CREATE TRIGGER comment_words_stored AFTER INSERT ON comments WHEN NEW.status NOT IN ('pending', 'erased') BEGIN
    INSERT INTO comment_words (id, words) VALUES (NEW.id, NEW.folded); END""",
    """CREATE TRIGGER comment_words_judged AFTER UPDATE OF status ON comments
    WHEN OLD.status = 'pending' AND NEW.status NOT IN ('pending', 'erased') BEGIN
    INSERT INTO comment_words (id, words) VALUES (NEW.id, NEW.folded); END""",
    """CREATE TRIGGER comment_words_erased AFTER UPDATE OF status ON comments WHEN NEW.status = 'erased' BEGIN
    DELETE FROM comment_words WHERE comment_words MATCH 'id:' || NEW.id; END""",
    """INSERT INTO comment_words (id, words)
    SELECT id, folded FROM comments WHERE status NOT IN ('pending', 'erased')""",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("CREATE INDEX ix_comments_words ON comments USING gin (to_tsvector('simple', folded))")
        return
    for statement in SQLITE:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP INDEX ix_comments_words')
        return
    for trigger in ('stored', 'judged', 'erased'):
        op.execute(f'DROP TRIGGER comment_words_{trigger}')
    op.execute('DROP TABLE comment_words')
