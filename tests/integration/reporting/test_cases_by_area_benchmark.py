"""What the benchmark of cases by area measures is the same in both layouts."""

from benchmarks.cases_by_area import STAGES, ask_both, connected, fill, one_that_ended, questions, sizes
from services.reporting.projection.tables import AREA_TABLES

COPIES = 10


async def test_both_layouts_hold_the_same_cases_and_answer_alike(postgres_dsn: str) -> None:
    async with connected(postgres_dsn) as connection:
        await fill(connection, COPIES * len(STAGES))
        for table in (AREA_TABLES[0].name, "one_table.cases"):
            assert await connection.fetchval(f"select count(*) from {table}") == 2 * COPIES * len(STAGES)
        assert min(await sizes(connection)) > 0
        for asked in questions(*await one_that_ended(connection)).values():
            one_table, by_area = await ask_both(connection, asked, 1)
            assert len(one_table) == len(by_area) == 1
