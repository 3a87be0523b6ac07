"""The simplest alternative: a FastAPI route that validates a body and inserts one row. Reads DSN."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
from fastapi import FastAPI
from pydantic import BaseModel

CONNECTIONS = 16


class Offer(BaseModel):
    """Four fields of an offer."""

    cvr: str
    p_number: str
    topic: str
    kind: str


@asynccontextmanager
async def _with_pool(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DSN"], min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        await pool.execute("create table if not exists bare_offers (id uuid primary key, body jsonb not null)")
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_with_pool)


@app.post("/offers", status_code=201)
async def send(offer: Offer) -> dict[str, UUID]:
    """Inserts the offer, without token, rules, idempotency key and history."""
    made = uuid4()
    await app.state.pool.execute("insert into bare_offers values ($1, $2)", made, offer.model_dump_json())
    return {"id": made}
