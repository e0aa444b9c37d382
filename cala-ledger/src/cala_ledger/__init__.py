"""A double-entry ledger on PostgreSQL."""
