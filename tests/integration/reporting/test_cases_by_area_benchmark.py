"""What the benchmark of cases by area measures is the same in both layouts."""

from benchmarks.cases_by_area import AS_ONE_TABLE, STAGES, ask_both, connected, fill, one_that_ended, questions, sizes
from services.reporting.projection.tables import AREA_TABLES

COPIES = 10


async def test_both_layouts_hold_the_same_cases_and_answer_alike(postgres_dsn: str) -> None:
    async with connected(postgres_dsn) as connection:
        await fill(connection, COPIES * len(STAGES))
        for table in (AREA_TABLES[0].name, "one_table.cases"):
            assert await connection.fetchval(f"select count(*) from {table}") == 2 * COPIES * len(STAGES)
        assert min(await sizes(connection)) > 0
    async with connected(postgres_dsn, AS_ONE_TABLE) as one_table, connected(postgres_dsn) as by_area:
        for asked in questions(*await one_that_ended(by_area)).values():
            took_before, took_after = await ask_both(one_table, by_area, asked, 1)
            assert len(took_before) == len(took_after) == 1
