"""What waits and what failed can be seen."""

from __future__ import annotations

from lana.lib.pg.database import Database
from lana.lib.telemetry import REGISTRY
from lana.processes.observation import Observation


async def test_lag_parked_events_and_jobs_are_measured(db: Database) -> None:
    await db.fetch(
        "insert into outbox (sequence, module, type, payload, context, recorded_at)"
        " select n, 'Test', 'Thing', '{}', '{}', clock_timestamp() from generate_series(1, 5) n"
    )
    await db.fetch("insert into processors (name, checkpoint) values ('slow', 2)")
    await db.fetch(
        "insert into parked_events (processor, sequence, entity, error, attempts) values ('slow', 2, 'x', 'boom', 5)"
    )
    await db.fetch(
        "insert into procrastinate_jobs (queue_name, task_name, status, args, scheduled_at)"
        " values ('default', 'a.b', 'failed', '{}', null),"
        " ('default', 'a.b', 'todo', '{}', clock_timestamp() - interval '90 seconds')"
    )
    await Observation(db).measure()

    def value(name: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(name, labels)

    assert value("lana_outbox_last_sequence") == 5
    assert value("lana_processor_lag_events", processor="slow") == 3
    assert value("lana_parked_events", processor="slow") == 1
    assert (value("lana_jobs", state="failed"), value("lana_jobs", state="todo")) == (1, 1)
    oldest = value("lana_jobs_oldest_due_seconds")
    assert oldest is not None
    assert 90 <= oldest < 150
