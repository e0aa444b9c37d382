"""Tables and functions of the bank, as plain SQL files applied in order by alembic.

`sql/NNNN_name.sql` is the migration; `versions/NNNN_name.py` names it and its predecessor. An applied file
never changes: what follows is a new one. The ledger's tables are the ledger's own (`cala_ledger`).
"""
