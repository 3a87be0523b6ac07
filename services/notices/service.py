"""Defines the notices service."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from fastapi import FastAPI

from services.notices.channels.email import EmailChannel
from services.notices.channels.mail_settings import MailSettings, message_key, return_keys
from services.notices.channels.portal_push import portal_loops
from services.notices.channels.portal_settings import PortalSettings
from services.notices.channels.send_journal import SendJournal
from services.notices.http.routes import router
from services.notices.lookups.digests import Digests
from services.notices.lookups.owners import Owners
from services.notices.lookups.returns import receiving
from services.notices.lookups.sending import FORGETS, NoServer, OnceSender, Sender, keep_forgetting
from services.notices.lookups.telling import Telling
from services.notices.lookups.text_files import load_texts
from services.notices.lookups.wording import Wording
from services.notices.reactions import reactions
from services.notices.rules.case_decider import NOTICES, TELL
from services.notices.rules.reader import READER, SEND
from shared.contracts import control, guidance, notices, offers
from shared.eventstore.timers import Lookup
from shared.service import NOTICES_TOPIC, EventSourced, Runtime, Settings, make_app

PREFIXES = ("/v1/notices",)


def timer_lookups(runtime: Runtime) -> dict[str, Lookup]:
    """Returns what is asked, worded and sent before the timers of the service are recorded."""
    owners = Owners(runtime.settings)
    runtime.at_end.push_async_exit(owners)
    wording = Wording(load_texts(), "da", message_key(runtime.settings.state))
    sender = _sender(runtime)
    telling, digests = Telling(runtime, owners, sender, wording), Digests(runtime, owners, sender, wording)
    return {f"{NOTICES.name}:{TELL}": telling.tell, f"{READER.name}:{SEND}": digests.send}


def loops(runtime: Runtime) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Returns the loops beside those of every service: old tries are forgotten, reports received, the portal told."""
    settings = MailSettings.from_environment()
    reports = {} if settings is None else receiving(runtime, settings)
    return {FORGETS: partial(keep_forgetting, runtime), **reports, **portal_loops(runtime)}


def _sender(runtime: Runtime) -> Sender:
    settings = MailSettings.from_environment()
    if settings is None:
        return NoServer()
    email = EmailChannel(settings, return_keys(runtime.settings.state)[0])
    runtime.at_end.push_async_exit(email)
    return OnceSender(email, SendJournal(runtime.database))


SERVICE = EventSourced(
    name="notices",
    facts=notices.FACTS,
    hears=(*offers.FACTS, *guidance.FACTS, *control.FACTS),
    subjects=(NOTICES, READER),
    reactions=reactions,
    router=router,
    timer_lookups=timer_lookups,
    loops=loops,
    publishes_on=NOTICES_TOPIC,
)


def app(settings: Settings) -> FastAPI:
    """Builds the HTTP application of the service, which also runs its background loops.

    Raises ValueError for settings of mail or portal with which it cannot run, before anything is started.
    """
    MailSettings.from_environment()
    PortalSettings.from_environment(settings.state)
    return make_app(SERVICE, settings)
