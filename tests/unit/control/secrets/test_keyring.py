"""The key from the environment."""

import base64
from pathlib import Path

import pytest

from pierhead.adapters.keyring import EncryptionKeyInvalidError, keyring_of
from pierhead.adapters.keyring_file import FileKeyring, KeyFileExposedError
from pierhead.kit.errors import InvalidInputError
from pierhead.kit.redact import SecretValue

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    "text", ["", " ", "geheim!", "geheim==", KEY[:-4], KEY + "AAAA", "\udc80" + KEY, f"{KEY[:20]}ü"]
)
def test_a_text_that_is_no_key_is_refused_by_the_name_of_its_setting_and_not_repeated(text: str) -> None:
    with pytest.raises(EncryptionKeyInvalidError) as raised:
        keyring_of(SecretValue(text), "PIERHEAD_ENCRYPTION_KEY")
    assert isinstance(raised.value, InvalidInputError)
    assert raised.value.message.startswith("PIERHEAD_ENCRYPTION_KEY ")
    assert "must hold 32 bytes in base64" in raised.value.message
    assert "geheim" not in raised.value.message
    assert raised.value.__suppress_context__


def test_it_is_the_same_key_whether_it_comes_as_a_text_or_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    path.chmod(0o600)
    by_text, by_file = keyring_of(SecretValue(f" {KEY}\n"), "KEY"), FileKeyring(path, create=False)
    assert by_text.current_key_id == by_file.current_key_id
    assert by_text.derive("api keys") == by_file.derive("api keys")
    assert by_text.unwrap(by_file.current_key_id, by_file.wrap(b"d" * 32, b"place"), b"place") == b"d" * 32


def test_a_file_that_a_platform_brings_may_be_read_by_its_group_and_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY)
    for mode in (0o440, 0o400, 0o640):
        path.chmod(mode)
        FileKeyring(path, create=False, may_group_read=True)
    for mode in (0o444, 0o660, 0o604, 0o450):
        path.chmod(mode)
        with pytest.raises(KeyFileExposedError):
            FileKeyring(path, create=False, may_group_read=True)
