"""saved mappings and running imports, one-time passwords and identity providers, trail by action

Revision: 0002
After: 0001
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
PAYLOAD = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')


def upgrade() -> None:
    op.create_table('import_mapping',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('county_id', BIG, nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('profile', sa.String(length=20), nullable=False),
    sa.Column('words', PAYLOAD, nullable=False),
    sa.Column('actor_id', BIG, nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', BIG, nullable=False),
    sa.ForeignKeyConstraint(['county_id'], ['organisation_unit.id'], name=op.f('fk_import_mapping_county_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_mapping')),
    sa.UniqueConstraint('county_id', 'name', name=op.f('uq_import_mapping_county_id_name'))
    )
    op.create_table('import_run',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('county_id', BIG, nullable=False),
    sa.Column('actor_id', BIG, nullable=False),
    sa.Column('profile', sa.String(length=20), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('beat_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('step', sa.String(length=20), nullable=False),
    sa.Column('done', BIG, nullable=False),
    sa.Column('total', BIG, nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['county_id'], ['organisation_unit.id'], name=op.f('fk_import_run_county_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_run'))
    )
    op.add_column('app_user', sa.Column('must_change_password', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('app_user', sa.Column('password_expires_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('app_user', sa.Column('oidc_subject', sa.String(length=255), nullable=True))
    op.create_index(op.f('ix_app_user_oidc_subject'), 'app_user', ['oidc_subject'], unique=True)
    op.add_column('auth_session', sa.Column('for_password_change', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_index(op.f('ix_audit_log_county_id_at'), table_name='audit_log')
    op.drop_index(op.f('ix_audit_log_county_id_subject_seq'), table_name='audit_log')
    op.drop_index(op.f('ix_audit_log_county_id_actor_id_seq'), table_name='audit_log')
    op.create_index(op.f('ix_audit_log_county_id_at_seq'), 'audit_log', ['county_id', 'at', 'seq'], unique=False)
    op.create_index(op.f('ix_audit_log_county_id_subject_at_seq'), 'audit_log', ['county_id', 'subject', 'at', 'seq'], unique=False)
    op.create_index(op.f('ix_audit_log_county_id_actor_id_at_seq'), 'audit_log', ['county_id', 'actor_id', 'at', 'seq'], unique=False)
    op.create_index(op.f('ix_audit_log_county_id_action_at_seq'), 'audit_log', ['county_id', 'action', 'at', 'seq'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_audit_log_county_id_action_at_seq'), table_name='audit_log')
    op.drop_index(op.f('ix_audit_log_county_id_actor_id_at_seq'), table_name='audit_log')
    op.drop_index(op.f('ix_audit_log_county_id_subject_at_seq'), table_name='audit_log')
    op.drop_index(op.f('ix_audit_log_county_id_at_seq'), table_name='audit_log')
    op.create_index(op.f('ix_audit_log_county_id_actor_id_seq'), 'audit_log', ['county_id', 'actor_id', 'seq'], unique=False)
    op.create_index(op.f('ix_audit_log_county_id_subject_seq'), 'audit_log', ['county_id', 'subject', 'seq'], unique=False)
    op.create_index(op.f('ix_audit_log_county_id_at'), 'audit_log', ['county_id', 'at'], unique=False)
    op.drop_index(op.f('ix_app_user_oidc_subject'), table_name='app_user')
    op.drop_column('auth_session', 'for_password_change')
    op.drop_column('app_user', 'oidc_subject')
    op.drop_column('app_user', 'password_expires_at')
    op.drop_column('app_user', 'must_change_password')
    op.drop_table('import_run')
    op.drop_table('import_mapping')
