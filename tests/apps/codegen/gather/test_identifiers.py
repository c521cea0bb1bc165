from __future__ import annotations

import pytest

from arriero.apps.codegen.gather.identifiers import parts, split


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parse_http_header", ["parse", "http", "header"]),
        ("parseHTTPHeader", ["parse", "http", "header"]),
        ("HTTPServer2", ["http", "server", "2"]),
        ("_private", ["private"]),
        ("groß_schreiben", ["groß", "schreiben"]),
        ("__", []),
    ],
)
def test_an_identifier_is_its_words(name: str, words: list[str]) -> None:
    assert parts(name) == words


def test_an_identifier_of_several_words_is_there_whole_too() -> None:
    assert split("def readLines(path):") == "def readlines read lines path"
