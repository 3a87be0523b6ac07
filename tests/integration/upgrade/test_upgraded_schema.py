"""Every way to a schema leads to the same one: upgraded from a kept release, or installed today."""

from tests.integration.fresh_installation import assert_equals_a_fresh_installation


async def test_a_schema_upgraded_from_a_kept_release_equals_a_fresh_one(upgraded_database: str) -> None:
    await assert_equals_a_fresh_installation(upgraded_database)
