"""What was handed over to the ministry."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and let it only grow."""
    op.create_table(
        'proposal_export',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('release_id', sa.Text(), nullable=False),
        sa.Column('kelurahan', sa.Text(), nullable=True),
        sa.Column('rows', sa.Integer(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('actor', sa.Text(), nullable=False),
        sa.Column('purpose', sa.Text(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_proposal_export_release_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_proposal_export')),
    )
    op.create_index(op.f('ix_proposal_export_release_id'), 'proposal_export', ['release_id'])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER proposal_export_no_{verb.lower()} BEFORE {verb} ON proposal_export "
                "BEGIN SELECT RAISE(ABORT, 'proposal_export only grows'); END"
            )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("proposal_export")
