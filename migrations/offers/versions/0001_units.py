"""The units to which offers can be made.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """create table units (
             p_number text not null,
             effective_from date not null,
             cvr text not null,
             industry text not null,
             primary key (p_number, effective_from))"""
    )


def downgrade() -> None:
    op.execute("drop table units")
