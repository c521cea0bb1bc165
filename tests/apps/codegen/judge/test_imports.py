"""Which imports exist: of the language, installed, declared, the project's own; all others block."""

from __future__ import annotations

from importlib import metadata

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.imports import imports, needed


@pytest.mark.parametrize(
    ("language", "code", "unknown"),
    [
        ("python", "import os, json.decoder\nfrom collections import abc\nimport pydantic\n", ()),
        ("python", "import flask_quick_auth\nfrom pandas_turbo.io import read\n", ("flask_quick_auth", "pandas_turbo.io")),
        ("python", "import importlib\nm = importlib.import_module('fast_yaml_x')\n", ("fast_yaml_x",)),
        ("python", "from . import other\nfrom .pkg import x\nimport other\n", ()),
        ("javascript", "const fs = require('fs');\nimport { a } from './a.js';\nimport 'node:path';\n", ()),
        ("javascript", "import x from 'left-pad-turbo';\nconst y = await import('@me/y/z');\n", ("@me/y/z", "left-pad-turbo")),
        ("go", 'import (\n\t"fmt"\n\tm "math/rand"\n\t"github.com/x/y"\n)\n', ("github.com/x/y",)),
        ("java", "import java.util.*;\nimport org.apache.commons.lang3.StringUtils;\n", ("org.apache.commons.lang3.StringUtils",)),
        ("rust", "use std::collections::HashMap;\nuse serde::Serialize;\nmod own;\nuse own::x;\n", ("serde",)),
    ],
)  # fmt: skip
def test_an_import_that_nothing_answers_to_is_unknown(
    language: str, code: str, unknown: tuple[str, ...]
) -> None:
    files = {"other.py": ""} if language == "python" else {}
    assert imports(Subject(code, language, files=files)).unknown == unknown


def test_what_the_caller_declares_exists() -> None:
    code = "import Flask_Quick.views\nimport yaml_x\n"
    found = imports(Subject(code, "python", declared=frozenset({"flask-quick", "yaml_x"})))
    assert not found.unknown
    code = "import { x } from '@me/y/z';\n"
    assert not imports(Subject(code, "javascript", declared=frozenset({"@me/y"}))).unknown


def test_what_the_caller_forbids_is_named_with_what_is_below_it() -> None:
    code = "import os.path\nimport re\nimport subprocess\n"
    found = imports(Subject(code, "python", forbidden=frozenset({"os", "subprocess"})))
    assert found.forbidden == ("os.path", "subprocess")


def test_packages_beside_the_language_are_named_with_the_version_that_is_installed() -> None:
    code = "import os, json.decoder\nimport pydantic.fields\nfrom own_part import f\nimport not_here_x\n"
    found = needed(Subject(code, "python", files={"own_part.py": "import pydantic\n"}))
    assert found == ("not_here_x", f"pydantic=={metadata.version('pydantic')}")


def test_a_package_of_another_language_is_named_as_its_installer_takes_it() -> None:
    code = "import x from '@me/y/z';\nimport a from 'left-pad/lib';\nimport fs from 'node:fs';\nimport './b.js';\n"
    assert needed(Subject(code, "javascript")) == ("@me/y", "left-pad")


def test_code_that_does_not_parse_needs_nothing_that_is_known() -> None:
    assert needed(Subject("import os\ndef f(:\n", "python")) == ()
