"""PostgreSQL: pool, migrations and paging."""
