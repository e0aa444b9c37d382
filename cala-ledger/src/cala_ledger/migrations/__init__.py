"""Schema versions of the ledger: plain SQL, readable without any tool.

`sql/tables` holds what each version does to tables. `sql/functions` holds the functions as they are now: a
version that changes one calls `replace_functions`, which puts all of them in place of what was there.
"""

from importlib.resources import files
from typing import Final

from alembic import op

FUNCTIONS: Final = ("guards", "post", "limits", "accounts", "members", "reads", "verify", "chain")

_DROP = """
do $$
declare
  f regprocedure;
begin
  for f in select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace
           where n.nspname = 'cala' and p.prorettype <> 'trigger'::regtype
  loop
    execute format('drop function if exists %s cascade', f);
  end loop;
end $$
"""


def run_sql(*names: str) -> None:
    """Run the named files of `sql/`, in order, on alembic's connection."""
    for name in names:
        _execute(files("cala_ledger.migrations").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8"))


def replace_functions() -> None:
    """Put the functions of this version in place of those of any other."""
    _execute(_DROP)
    run_sql(*(f"functions/{name}" for name in FUNCTIONS))


def _execute(sql: str) -> None:
    cursor = op.get_bind().connection.cursor()
    try:
        cursor.execute(sql)
    finally:
        cursor.close()
