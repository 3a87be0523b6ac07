"""Settings that would send in clear text, in nobody's name or without a way back are refused, with the variable."""

import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.notices.channels.mail_settings import MailSettings, message_key, return_keys

WHOLE = {
    "AFTALE_MAIL_HOST": "smtp.example.dk",
    "AFTALE_MAIL_FROM": "Arbejdstilsynet, Øst <svar@example.dk>",
    "AFTALE_MAIL_RETURN_DOMAIN": "Retur.example.dk",
}
LOCAL = WHOLE | {"AFTALE_MAIL_HOST": "127.0.0.1", "AFTALE_MAIL_TLS": "none"}


def read(environment: Mapping[str, str]) -> MailSettings:
    settings = MailSettings.from_environment(environment)
    assert settings is not None
    return settings


def test_without_a_server_no_mail_is_sent() -> None:
    assert MailSettings.from_environment({}) is None


def test_what_is_not_set_is_the_safe_and_usual() -> None:
    settings = read(WHOLE)
    assert (settings.tls, settings.port) == ("starttls", 587)
    assert settings.reply_to == settings.sender
    assert settings.return_domain == "retur.example.dk"
    assert read(WHOLE | {"AFTALE_MAIL_TLS": "implicit"}).port == 465


def test_the_password_stands_in_no_log() -> None:
    settings = read(WHOLE | {"AFTALE_MAIL_USER": "aftale", "AFTALE_MAIL_PASSWORD": "PLANTED"})
    assert settings.password == "PLANTED"
    assert "PLANTED" not in repr(settings)


def test_clear_text_stays_on_this_machine() -> None:
    assert read(LOCAL | {"AFTALE_MODE": "local"}).tls == "none"
    for environment in (LOCAL, LOCAL | {"AFTALE_MODE": "cluster"}, WHOLE | {"AFTALE_MAIL_TLS": "none"}):
        with pytest.raises(ValueError, match="AFTALE_MAIL_TLS=none sends names and addresses in clear text"):
            MailSettings.from_environment(environment)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AFTALE_MAIL_TLS", "ssl"),
        ("AFTALE_MAIL_FROM", ""),
        ("AFTALE_MAIL_FROM", "Arbejdstilsynet"),
        ("AFTALE_MAIL_FROM", "Jørgen <jørgen@example.dk>"),
        ("AFTALE_MAIL_REPLY_TO", "svar@"),
        ("AFTALE_MAIL_RETURN_DOMAIN", ""),
        ("AFTALE_MAIL_RETURN_DOMAIN", "retur@example.dk"),
        ("AFTALE_MAIL_PORT", "0"),
        ("AFTALE_MAIL_PORT", "65536"),
        ("AFTALE_MAIL_PORT", "smtp"),
    ],
)
def test_a_faulty_setting_is_refused_by_its_name(variable: str, value: str) -> None:
    with pytest.raises(ValueError, match=variable):
        MailSettings.from_environment(WHOLE | {variable: value})


def test_keys_are_made_once_and_are_for_their_owner_only(tmp_path: Path) -> None:
    key, (of_addresses,) = message_key(tmp_path), return_keys(tmp_path)
    assert len({key, of_addresses}) == 2
    assert message_key(tmp_path) == key
    assert return_keys(tmp_path) == (of_addresses,)
    files = list((tmp_path / "secrets").iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


@pytest.mark.rule("R4")
def test_a_key_of_return_addresses_can_be_replaced_while_the_former_still_counts(tmp_path: Path) -> None:
    (former,) = return_keys(tmp_path)
    secrets = tmp_path / "secrets"
    (secrets / "return-address-key").rename(secrets / "return-address-key-before")
    newer, still_valid = return_keys(tmp_path)
    assert newer != former
    assert still_valid == former
