"""What Compose gives to each container: its own login and no other, and addresses that lead to somebody else."""

from collections import defaultdict
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from services.notices.channels.bounces import ReportSettings
from services.notices.channels.mail_settings import MailSettings
from services.notices.channels.portal_settings import PortalSettings
from tests.compose import Container, containers

SERVICES = ("offers", "guidance", "control", "notices", "reporting")
SECRETS: dict[str, str] = defaultdict(lambda: "secret")
"""Each variable that the file asks for."""


def logins(container: Container) -> list[str]:
    """The users of every URL of PostgreSQL in its environment."""
    urls = [urlsplit(value) for name, value in container.environment.items() if name.startswith("AFTALE_POSTGRES")]
    return sorted(str(url.username) for url in urls)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_its_own_login_and_no_other(service: str) -> None:
    container = containers(SECRETS)[service]
    assert container.command == ("services.serve", service)
    assert logins(container) == [f"aftale_{service}"]


def test_the_migrations_run_under_their_own_login_on_what_the_administrator_has_prepared() -> None:
    made = containers(SECRETS)
    for name in ("migrate", "close-history"):
        assert logins(made[name]) == ["aftale_migrations"]
    assert logins(made["logins"]) == sorted(["aftale", "aftale_migrations", *(f"aftale_{name}" for name in SERVICES)])
    assert made["logins"].command == ("migrations", "logins")


@pytest.mark.parametrize(("asking", "asked"), [("control", "offers"), ("guidance", "control")])
def test_a_service_asks_another_at_an_address_that_is_not_its_own(asking: str, asked: str) -> None:
    made, name = containers(SECRETS), asked.upper()
    address = urlsplit(made[asking].environment[f"AFTALE_ADDRESS_{name}"])
    assert (address.hostname, str(address.port)) == (asked, made[asked].environment[f"AFTALE_PORT_{name}"])


@pytest.mark.parametrize("service", SERVICES)
def test_the_mail_server_is_told_to_notices_only(service: str) -> None:
    told = {
        "AFTALE_MAIL_HOST": "mail.example",
        "AFTALE_MAIL_FROM": "Arbejdstilsynet <svar@tilsyn.example>",
        "AFTALE_MAIL_RETURN_DOMAIN": "retur.tilsyn.example",
        "AFTALE_MAIL_PASSWORD": "secret",
        "AFTALE_MAIL_REPORTS_PORT": "2525",
    }
    environment = containers(defaultdict(lambda: "secret", told))[service].environment
    settings, reports = MailSettings.from_environment(environment), ReportSettings.from_environment(environment)
    if service == "notices":
        assert settings == MailSettings.from_environment(told)
        assert reports is not None
        assert (reports.port, ip_address(reports.host).is_unspecified) == (2525, True)
    else:
        assert (settings, reports) == (None, None)
        assert [name for name in environment if "MAIL" in name] == []


def test_without_a_mail_server_nothing_is_sent_and_nothing_received() -> None:
    environment = containers(SECRETS)["notices"].environment
    assert MailSettings.from_environment(environment) is None
    assert ReportSettings.from_environment(environment) is None


@pytest.mark.parametrize("service", SERVICES)
def test_the_portal_is_told_to_notices_only(service: str) -> None:
    told = {
        "AFTALE_PORTAL_URL": "https://portal.example/",
        "AFTALE_PORTAL_SECRET_FILE": "/state/portal-secret",
        "AFTALE_PORTAL_CA": "/state/portal-ca.pem",
    }
    environment = containers(defaultdict(lambda: "secret", told))[service].environment
    given = {name: value for name, value in environment.items() if "PORTAL" in name}
    assert given == (told if service == "notices" else {})


def test_without_an_address_nothing_is_pushed(tmp_path: Path) -> None:
    assert PortalSettings.from_environment(tmp_path, containers(SECRETS)["notices"].environment) is None


def test_the_log_of_every_container_is_bounded() -> None:
    for name, container in containers(SECRETS).items():
        assert container.logging.get("driver") == "json-file", name
        assert container.logging["options"] == {"max-size": "20m", "max-file": "4"}, name
