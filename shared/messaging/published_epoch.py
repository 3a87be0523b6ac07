"""The epoch under which a service publishes one of its facts."""


def published_epoch(events: str) -> str:
    """Returns the SQL for the epoch under which an event is published.

    It is the epoch in which the event was recorded, or a higher one under which a restored service publishes it again.
    `events` is the name of the table in the query. The event itself keeps its epoch: what was recorded is never changed
    (R30).
    """
    return f"""greatest({events}.epoch, (
      select max(raised.epoch) from raised_epochs raised
      where raised.stream = {events}.stream and raised.from_version <= {events}.version))"""
