"""Which submissions of a form server stand in which file."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        'pulled_submission',
        sa.Column('source', sa.Text(), nullable=False),
        sa.Column('instance', sa.String(length=64), nullable=False),
        sa.Column('version', sa.String(length=64), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('source', 'instance', 'version', 'sha256', name=op.f('pk_pulled_submission')),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("pulled_submission")
