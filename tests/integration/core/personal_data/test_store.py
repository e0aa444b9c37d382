"""Personal data on a database: keeping, finding, claiming, and lists that stay quick when they grow."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from lana.core.access.user.repo import UserRepo
from lana.core.personal_data import Person, PersonalData, new_salt
from lana.core.personal_data.listing import page_sql
from lana.lib.authz import Ctx
from lana.lib.errors import ConstraintViolation
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from lana.lib.pg.page import Direction, Order, Page, encode_cursor

CTX = Ctx.system("test")
MANY = 5000


async def keep(commands: Commands, people: PersonalData, person_id: UUID, person: Person) -> None:
    async def command(op: Op) -> None:
        people.keep(op, "party", person_id, person)

    await commands.run(CTX, command)


async def test_what_is_kept_is_found_until_it_is_replaced(db: Database, commands: Commands) -> None:
    people, ann = PersonalData(db), uuid4()
    person = Person(
        salt=new_salt(), email="Ann@bank.example", handle="@ann", data={"first_name": "Ann", "address": None}
    )
    await keep(commands, people, ann, person)
    assert await people.find("party", ann) == person
    assert await people.find("user", ann) is None
    assert await people.id_by_email("party", "ann@BANK.example") == ann
    erased = Person(salt=b"")
    await keep(commands, people, ann, erased)
    assert await people.find("party", ann) == erased
    assert await people.id_by_email("party", "ann@bank.example") is None


async def test_a_claim_holds_no_personal_data_and_can_be_released(db: Database, commands: Commands) -> None:
    people = PersonalData(db)
    taken = ConstraintViolation("Email", "ann@bank.example")

    async def claim(op: Op) -> None:
        await people.claim(op, "party.email", "Ann@bank.example", taken)

    async def release(op: Op) -> None:
        await people.release(op, "party.email", "ann@BANK.example")

    await commands.run(CTX, claim)
    ((value,),) = await db.fetch("select value from claims where space = 'party.email'")
    assert len(value) == 64
    assert "ann" not in value
    with pytest.raises(ConstraintViolation):
        await commands.run(CTX, claim)
    await commands.run(CTX, release)
    await commands.run(CTX, claim)


@pytest.mark.parametrize(
    "after", [None, encode_cursor({"type": "Byemail", "id": str(UUID(int=0)), "email": "u25"})]
)
@pytest.mark.parametrize("direction", list(Direction))
async def test_a_page_by_email_reads_an_index_and_sorts_nothing(
    db: Database, after: str | None, direction: Direction
) -> None:
    await db.fetch(
        "with made as (select gen_random_uuid() as id, n from generate_series(1, %b::int8) n),"
        " people as (insert into personal_data (kind, id, email, salt)"
        " select 'user', id, 'u' || n, '' from made)"
        " insert into users (id, version, created_at, state, role_id, active)"
        " select id, 1, now(), '{}', id, true from made",
        [MANY],
    )
    await db.fetch("analyze personal_data")
    await db.fetch("analyze users")
    sql, values = page_sql(UserRepo(db), "user", Page(10, after), Order("email", direction), {})
    plan = "\n".join(row[0] for row in await db.fetch(f"explain (costs off) {sql}", [*values, 11]))
    assert "personal_data_email" in plan
    assert "Sort" not in plan
    assert "Seq Scan" not in plan
