"""The offers of `bench http_commands`, handled by a hand-written FastAPI route: the cost of the work itself.

It checks the same token and body, and makes the same look-ups and rows, each request with its own connection and
transaction. It has no rules, encrypts nothing, publishes nothing and traces nothing. Reads DSN and AFTALE_STATE.
"""

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from uuid_utils.compat import uuid7

from services.offers.http.sending_routes import NewOffer
from shared.http.tokens import Identity, LocalIssuer, TokenVerifier

CONNECTIONS = 16
_SCHEMA = """
create schema if not exists by_hand;
create table by_hand.streams (id uuid primary key, version int not null);
create table by_hand.events (position bigint generated always as identity primary key, stream uuid not null,
  version int not null, type text not null, data jsonb not null, recorded_at timestamptz not null default now(),
  unique (stream, version));
create table by_hand.handled (key text primary key, fingerprint text not null, answer jsonb not null);
create table by_hand.reservations (name text primary key, stream uuid not null);
create table by_hand.parked (about text not null);
create table by_hand.quarantines (about text primary key, ends_at timestamptz not null);
"""
_WAITS = "select exists (select from by_hand.parked where about = any($1::text[]))"
_UNIT = "select cvr from offers.units where p_number = $1 and effective_from <= $2 order by effective_from desc limit 1"
_TAKEN = "select count(*) from by_hand.reservations where name = $1"
_QUARANTINES = "select count(*) from by_hand.quarantines where about = any($1::text[]) and ends_at > now()"
_KEEP = """
with stream as (insert into by_hand.streams values ($1, 1)),
     event as (insert into by_hand.events (stream, version, type, data) values ($1, 1, 'OfferSent', $2)),
     handled as (insert into by_hand.handled values ($3, $4, $5))
insert into by_hand.reservations select name, $1 from unnest($6::text[]) name
"""


@asynccontextmanager
async def _with_pool(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DSN"], min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        await pool.execute(_SCHEMA)
        app.state.pool = pool
        app.state.verifier = TokenVerifier(LocalIssuer(Path(os.environ["AFTALE_STATE"])).jwks_file)
        yield


app = FastAPI(lifespan=_with_pool)


async def _asker(request: Request, bearer: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> Identity:
    verifier: TokenVerifier = request.app.state.verifier
    return verifier.verify(bearer.credentials)


@app.post("/v1/offers", status_code=201)
async def send(body: NewOffer, request: Request, asker: Annotated[Identity, Depends(_asker)]) -> dict[str, UUID]:
    """Records one offer."""
    made = uuid7()
    fingerprint = hashlib.sha256(await request.body()).hexdigest()
    key = request.headers["Idempotency-Key"]
    about = [body.cvr, body.p_number]
    async with app.state.pool.acquire() as connection:
        if await connection.fetchval(_WAITS, about):
            raise HTTPException(503)
        unit = await connection.fetchrow(_UNIT, body.p_number, datetime.now(UTC).date())
        open_offers = await connection.fetchval(_TAKEN, f"open/{body.p_number}/{body.topic}/1")
        if unit is None or unit["cvr"] != body.cvr or open_offers or await connection.fetchval(_QUARANTINES, about):
            raise HTTPException(409)
        place = f"open/{body.p_number}/{body.topic}/1"
        names = [place, f"open-of/{body.cvr}/{made}", f"open-at/{body.p_number}/{made}"]
        await connection.execute(_KEEP, made, body.model_dump_json(), key, fingerprint, f'{{"id": "{made}"}}', names)
    return {"id": made}
