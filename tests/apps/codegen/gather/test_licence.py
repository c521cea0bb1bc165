from __future__ import annotations

import pytest

from arriero.apps.codegen.gather.licence import licence_of, own


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
        ("                  Apache License\n             Version 2.0, January 2004", "Apache-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n  Version 3, 29 June 2007", "GPL-3.0"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3", "AGPL-3.0"),
        ("Copyright 2020 A. Company. All rights reserved.", "proprietary"),
        ("You may do what you like.", ""),
    ],
)
def test_a_licence_is_known_by_its_own_words(text: str, licence: str) -> None:
    assert licence_of({"LICENSE": text}) == licence
    assert licence_of({"Copying.md": text}) == licence


def test_only_files_at_the_top_tell_the_licence() -> None:
    assert licence_of({"vendor/LICENSE": "Apache License Version 2.0", "a.py": "x"}) == ""


def test_a_file_names_its_own_licence() -> None:
    assert own("# SPDX-License-Identifier: BSD-3-Clause\nimport os\n") == "BSD-3-Clause"
    assert own("import os\n") == ""
