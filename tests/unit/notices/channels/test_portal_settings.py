"""Settings that would push in clear text, into a private network or unsigned are refused, with the variable."""

import stat
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.notices.channels.portal_settings import PortalSettings, secrets_in, secrets_of_state

URL = {"AFTALE_PORTAL_URL": "https://portal.example/notices?key=PLANTED"}
SECRET, NEWER = f"whsec_{b64encode(b'1' * 32).decode()}", f"whsec_{b64encode(b'2' * 64).decode()}"


def read(state: Path, environment: Mapping[str, str]) -> PortalSettings:
    settings = PortalSettings.from_environment(state, environment)
    assert settings is not None
    return settings


def test_without_an_address_nothing_is_pushed_and_no_secret_is_made(tmp_path: Path) -> None:
    assert PortalSettings.from_environment(tmp_path, {}) is None
    assert list(tmp_path.iterdir()) == []


def test_neither_address_nor_secret_stands_in_a_log(tmp_path: Path) -> None:
    settings = read(tmp_path, URL)
    assert settings.url.endswith("PLANTED")
    assert "PLANTED" not in repr(settings)
    assert "whsec_" not in repr(settings)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/notices", "http://[::1]/", "https://127.0.0.1/"])
def test_this_machine_is_let_in_in_mode_local_only(tmp_path: Path, url: str) -> None:
    local = {"AFTALE_PORTAL_URL": url, "AFTALE_MODE": "local"}
    assert len(read(tmp_path, local).lets_in) == 1
    if url.startswith("https"):
        assert read(tmp_path, {"AFTALE_PORTAL_URL": url}).lets_in == frozenset()
    else:
        with pytest.raises(ValueError, match="AFTALE_PORTAL_URL begins with https://"):
            PortalSettings.from_environment(tmp_path, {"AFTALE_PORTAL_URL": url})


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "https://localhost/", "https://portal.example/"])
def test_nothing_else_is_let_in_in_mode_local(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, {"AFTALE_PORTAL_URL": url, "AFTALE_MODE": "local"}).lets_in == frozenset()


@pytest.mark.parametrize(
    "url",
    [
        "http://portal.example/",
        "http://localhost/",
        "http://127.0.0.1.portal.example/",
        "ftp://portal.example/",
        "portal.example",
        "https://",
        "https://user:password@portal.example/",
        "https://portal.example/#part",
        "https://portal.example:99999/",
        "https://portal.example:0/",
    ],
)
def test_other_addresses_are_refused_with_the_variable(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match=r"^AFTALE_PORTAL_URL "):
        PortalSettings.from_environment(tmp_path, {"AFTALE_PORTAL_URL": url, "AFTALE_MODE": "local"})


def test_a_certificate_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"AFTALE_PORTAL_CA is .*, which is no file"):
        PortalSettings.from_environment(tmp_path, URL | {"AFTALE_PORTAL_CA": str(tmp_path / "none.pem")})


def test_a_file_holds_one_secret_or_two(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    assert read(tmp_path, URL | {"AFTALE_PORTAL_SECRET_FILE": str(file)}).secrets == [SECRET]
    file.write_text(f"{NEWER}\n{SECRET}\n")
    assert secrets_in(file) == [NEWER, SECRET]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds 0 secrets"),
        (f"{SECRET} {SECRET} {SECRET}", "holds 3 secrets"),
        ("PLANTED-PLANTED-PLANTED", "does not begin with whsec_"),
        ("whsec_PLANTED!", "is not base64"),
        ("whsec_UExBTlRFRA==", "a secret of 7 bytes; it has from 24 to 64"),
        (f"whsec_{b64encode(b'1' * 65).decode()}", "a secret of 65 bytes"),
    ],
)
def test_a_secret_that_receivers_would_not_take_is_refused_and_not_told(
    tmp_path: Path, content: str, said: str
) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    with pytest.raises(ValueError, match=said) as refused:
        secrets_in(file)
    assert str(refused.value).startswith("AFTALE_PORTAL_SECRET_FILE: ")
    assert "PLANTED" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"AFTALE_PORTAL_SECRET_FILE is .*, which cannot be read"):
        secrets_in(tmp_path / "none")


def test_a_state_folder_keeps_a_secret_of_its_own_until_it_is_replaced(tmp_path: Path) -> None:
    first = secrets_of_state(tmp_path)
    assert first == secrets_of_state(tmp_path)
    file = tmp_path / "secrets" / "portal-webhook-secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.rename(file.with_name("portal-webhook-secret-before"))
    second = secrets_of_state(tmp_path)
    assert len(second) == 2
    assert second[1:] == first
    assert second[0] != first[0]
