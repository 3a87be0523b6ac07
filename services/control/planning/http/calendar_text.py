"""Writes a calendar feed as calendar programs read it (RFC 5545, RFC 7986)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vDuration

from services.control.planning.rules.visit import Visit, VisitKind
from services.control.rules.feed_entries import FeedEntry
from shared.contracts.vocabulary import Centre
from shared.deadlines.copenhagen import COPENHAGEN
from shared.deadlines.in_words import Language
from shared.policy.policy import CalendarFeeds
from shared.reference.reference import closed_lists

_READ_AGAIN_AFTER = timedelta(hours=1)
_SHORT_ID = 8
"""The last digits of an id are random; its first ones are a time, which cases of one hour share."""
_KINDS: Mapping[Language, Mapping[VisitKind, str]] = {
    "da": {
        VisitKind.CONTROL: "Kontrol",
        VisitKind.PLANNED_CONTROL: "Planlagt kontrol",
        VisitKind.INSPECTION: "Nyt tilsyn",
        VisitKind.HELD_PLACE: "Holdt fri til vejledning",
        VisitKind.GUIDANCE_MEETING: "Vejledning",
    },
    "en": {
        VisitKind.CONTROL: "Control",
        VisitKind.PLANNED_CONTROL: "Planned control",
        VisitKind.INSPECTION: "New inspection",
        VisitKind.HELD_PLACE: "Kept free for guidance",
        VisitKind.GUIDANCE_MEETING: "Guidance",
    },
}
_CASE: Mapping[Language, str] = {"da": "sag", "en": "case"}
_NAME: Mapping[Language, str] = {"da": "Besøg", "en": "Visits"}


def as_icalendar(
    entries: Iterable[FeedEntry], centre: Centre | None, tells: CalendarFeeds, language: Language
) -> bytes:
    """R17, R18: returns the text of a feed, in UTF-8; of whom it is, it names the centre only.

    Of a visit it says case, kind and time, and of company and place what the policy allows: who subscribes often keeps
    a copy elsewhere. The same entries always give the same text.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//Aftale//Calendar feed//{language.upper()}")
    calendar.add("version", "2.0")
    for name in ("name", "x-wr-calname"):
        calendar.add(name, _name(centre, language))
    calendar.add("refresh-interval", vDuration(_READ_AGAIN_AFTER), parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, tells, language))
    text: bytes = calendar.to_ical()
    return text


def _name(centre: Centre | None, language: Language) -> str:
    if centre is None:
        return _NAME[language]
    term = closed_lists()["centres"][centre]
    return f"{_NAME[language]} {term.danish if language == 'da' else term.english}"


def _event(entry: FeedEntry, tells: CalendarFeeds, language: Language) -> Event:
    visit = entry.visit
    begins = datetime.combine(visit.day, visit.hours.begins, COPENHAGEN).astimezone(UTC)
    changed_at = entry.changed_at.astimezone(UTC)
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.moves)
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("dtstart", begins)
    event.add("dtend", begins + timedelta(minutes=visit.hours.duration_minutes))
    event.add("summary", _summary(visit, tells, language))
    event.add("status", _status(entry))
    event.add("class", "PRIVATE")
    if tells.place:
        event.add("location", f"P {visit.p_number}")
    return event


def _status(entry: FeedEntry) -> str:
    if entry.fell_away:
        return "CANCELLED"
    return "TENTATIVE" if entry.visit.kind is VisitKind.HELD_PLACE else "CONFIRMED"


def _summary(visit: Visit, tells: CalendarFeeds, language: Language) -> str:
    case = f"{_KINDS[language][visit.kind]}, {_CASE[language]} {str(visit.stream)[-_SHORT_ID:]}"
    return f"{case}, CVR {visit.cvr}" if tells.company else case
