"""Closing a rejected row, and taking that back, are decisions too."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BEFORE = "'accept', 'refuse', 'confirm_codes', 'rollback', 'withdraw', 'republish', 'approve_model'"


def upgrade() -> None:
    """Allow the kinds `close_row` and `reopen_row`."""
    _allow(f"{BEFORE}, 'close_row', 'reopen_row'")


def downgrade() -> None:
    """Allow them no more."""
    _allow(BEFORE)


def _allow(kinds: str) -> None:
    """Replace the check; SQLite copies the table for it, and its guards are made again."""
    constraint = op.f("ck_decision_kind")
    with op.batch_alter_table("decision") as table:
        table.drop_constraint(constraint, type_="check")
        table.create_check_constraint(constraint, sa.text(f"kind IN ({kinds})"))
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER decision_no_{verb.lower()} BEFORE {verb} ON decision "
                "BEGIN SELECT RAISE(ABORT, 'decision only grows'); END"
            )
