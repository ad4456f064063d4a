"""The first registry: files, batches, officers, runs, releases, decisions, events, leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)
APPEND_ONLY = ("event", "decision", "access_log")


def upgrade() -> None:
    """Make the tables, and guard those that only grow."""
    _inputs()
    _releases()
    _runs()
    _records()
    if op.get_bind().dialect.name == "sqlite":
        _guard()


def downgrade() -> None:
    """Remove everything."""
    for table in ("current_release", "run", "release", "source_file", "batch", "officer", "rule_version"):
        op.drop_table(table)
    for table in ("model_version", "decision", "event", "outbox", "access_log", "lease"):
        op.drop_table(table)


def _guard() -> None:
    """Refuse to change or delete a row of a table that only grows."""
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            )


def _inputs() -> None:
    """Files, batches and officers."""
    op.create_table(
        'batch',
        sa.Column('batch_id', sa.Text(), nullable=False),
        sa.Column('first_received_at', WHEN, nullable=False),
        sa.PrimaryKeyConstraint('batch_id', name=op.f('pk_batch')),
    )
    op.create_table(
        'source_file',
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('token', sa.String(length=12), nullable=False),
        sa.Column('kind', sa.Text(), nullable=True),
        sa.Column('table_name', sa.Text(), nullable=True),
        sa.Column('profile', sa.Text(), nullable=True),
        sa.Column('profile_version', sa.Integer(), nullable=True),
        sa.Column('version', sa.Text(), nullable=True),
        sa.Column('region', sa.Text(), nullable=True),
        sa.Column('data_date', sa.Date(), nullable=True),
        sa.Column('batch_id', sa.Text(), nullable=True),
        sa.Column('verdict', sa.String(length=10), nullable=False),
        sa.Column('code', sa.Text(), nullable=True),
        sa.Column('message', sa.Text(), nullable=True),
        sa.Column('rows', sa.Integer(), nullable=True),
        sa.Column('size', sa.BigInteger(), nullable=False),
        sa.Column('received_at', WHEN, nullable=False),
        sa.CheckConstraint("verdict IN ('accepted', 'waiting', 'held', 'refused')", name=op.f('ck_source_file_verdict')),
        sa.ForeignKeyConstraint(['batch_id'], ['batch.batch_id'], name=op.f('fk_source_file_batch_id')),
        sa.PrimaryKeyConstraint('sha256', name=op.f('pk_source_file')),
        sa.UniqueConstraint('token', name=op.f('uq_source_file_token')),
    )
    op.create_index(op.f('ix_source_file_batch_id'), 'source_file', ['batch_id'])
    op.create_table(
        'officer',
        sa.Column('officer_id', sa.Text(), nullable=False),
        sa.Column('role', sa.Text(), nullable=True),
        sa.Column('first_seen_at', WHEN, nullable=False),
        sa.PrimaryKeyConstraint('officer_id', name=op.f('pk_officer')),
    )


def _releases() -> None:
    """Releases and the pointer, which exists from the start and names none."""
    op.create_table(
        'release',
        sa.Column('release_id', sa.Text(), nullable=False),
        sa.Column('week', sa.Text(), nullable=False),
        sa.Column('content_root', sa.String(length=64), nullable=False),
        sa.Column('list_hash', sa.String(length=64), nullable=False),
        sa.Column('manifest_sha256', sa.String(length=64), nullable=False),
        sa.Column('path', sa.Text(), nullable=False),
        sa.Column('status', sa.String(length=10), nullable=False),
        sa.Column('published_at', WHEN, nullable=False),
        sa.CheckConstraint("status IN ('published', 'withdrawn')", name=op.f('ck_release_status')),
        sa.PrimaryKeyConstraint('release_id', name=op.f('pk_release')),
        sa.UniqueConstraint('path', name=op.f('uq_release_path')),
    )
    op.create_index(op.f('ix_release_content_root'), 'release', ['content_root'])
    op.create_table(
        'current_release',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('release_id', sa.Text(), nullable=True),
        sa.Column('week', sa.Text(), nullable=True),
        sa.Column('moved_at', WHEN, nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.CheckConstraint('id = 1', name=op.f('ck_current_release_one_row')),
        sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_current_release_release_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_current_release')),
    )
    op.execute('INSERT INTO current_release (id, version) VALUES (1, 0)')


def _runs() -> None:
    """Refreshes and what they were computed with."""
    op.create_table(
        'run',
        sa.Column('run_key', sa.Text(), nullable=False),
        sa.Column('dagster_run_id', sa.Text(), nullable=True),
        sa.Column('week', sa.Text(), nullable=False),
        sa.Column('as_of', sa.Date(), nullable=False),
        sa.Column('list_hash', sa.String(length=64), nullable=True),
        sa.Column('status', sa.String(length=10), nullable=False),
        sa.Column('code', sa.Text(), nullable=True),
        sa.Column('started_at', WHEN, nullable=False),
        sa.Column('finished_at', WHEN, nullable=True),
        sa.Column('release_id', sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('started', 'published', 'unchanged', 'failed', 'abandoned')", name=op.f('ck_run_status')),
        sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_run_release_id')),
        sa.PrimaryKeyConstraint('run_key', name=op.f('pk_run')),
    )
    op.create_index(op.f('ix_run_dagster_run_id'), 'run', ['dagster_run_id'])
    op.create_index(op.f('ix_run_status'), 'run', ['status'])
    op.create_table(
        'rule_version',
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('recorded_at', WHEN, nullable=False),
        sa.PrimaryKeyConstraint('digest', name=op.f('pk_rule_version')),
    )
    op.create_table(
        'model_version',
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('payload', sa.JSON(), nullable=False),
        sa.Column('recorded_at', WHEN, nullable=False),
        sa.PrimaryKeyConstraint('digest', name=op.f('pk_model_version')),
    )


def _records() -> None:
    """What is appended, and who works."""
    op.create_table(
        'decision',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('subject', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('actor', sa.Text(), nullable=False),
        sa.Column('at', WHEN, nullable=False),
        sa.Column('payload', sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('accept', 'refuse', 'confirm_codes', 'rollback', 'withdraw', 'republish')", name=op.f('ck_decision_kind')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_decision')),
    )
    op.create_index(op.f('ix_decision_subject'), 'decision', ['subject'])
    op.create_table(
        'event',
        sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('at', WHEN, nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('payload', sa.JSON(), nullable=False),
        sa.Column('prev_hash', sa.String(length=64), nullable=False),
        sa.Column('hash', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('seq', name=op.f('pk_event')),
        sa.UniqueConstraint('hash', name=op.f('uq_event_hash')),
    )
    op.create_table(
        'outbox',
        sa.Column('seq', sa.Integer(), nullable=False),
        sa.Column('topic', sa.Text(), nullable=False),
        sa.Column('payload', sa.JSON(), nullable=False),
        sa.Column('created_at', WHEN, nullable=False),
        sa.Column('delivered_at', WHEN, nullable=True),
        sa.PrimaryKeyConstraint('seq', name=op.f('pk_outbox')),
    )
    op.create_table(
        'access_log',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('at', WHEN, nullable=False),
        sa.Column('actor', sa.Text(), nullable=False),
        sa.Column('action', sa.Text(), nullable=False),
        sa.Column('purpose', sa.Text(), nullable=True),
        sa.Column('subject', sa.Text(), nullable=True),
        sa.Column('release_id', sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_access_log')),
    )
    op.create_index(op.f('ix_access_log_subject'), 'access_log', ['subject'])
    op.create_table(
        'lease',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('owner', sa.Text(), nullable=False),
        sa.Column('token', sa.Text(), nullable=False),
        sa.Column('acquired_at', WHEN, nullable=False),
        sa.Column('expires_at', WHEN, nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_lease')),
    )
