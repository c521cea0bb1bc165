"""Under which licence a text stands, as far as its files say so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from arriero.apps.codegen.gather.repository import TERMS

_SPDX = re.compile(r"SPDX-License-Identifier:\s*([\w.+ ()-]{2,80}?)\s*(?:\*/|-->|$)", re.MULTILINE)
HEAD = 3_000  # characters in which a file tells its licence
# Words of which each licence has its own; the first that fits counts, so the special stand before the general.
_WORDS: Sequence[tuple[str, str]] = (
    ("AGPL-3.0", r"GNU AFFERO GENERAL PUBLIC LICENSE"),
    ("LGPL-3.0", r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3"),
    ("LGPL-2.1", r"GNU LESSER GENERAL PUBLIC LICENSE"),
    ("GPL-3.0", r"GNU GENERAL PUBLIC LICENSE\s+Version 3"),
    ("GPL-2.0", r"GNU GENERAL PUBLIC LICENSE\s+Version 2"),
    ("Apache-2.0", r"Apache License\s+Version 2\.0"),
    ("MPL-2.0", r"Mozilla Public License,?\s+Version 2\.0"),
    ("MIT", r"Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("ISC", r"Permission to use, copy, modify, and/or distribute this software for any purpose"),
    ("BSD-3-Clause", r"Redistribution and use in source and binary forms.{0,2000}Neither the name"),
    ("BSD-2-Clause", r"Redistribution and use in source and binary forms"),
    ("Unlicense", r"This is free and unencumbered software released into the public domain"),
    ("proprietary", r"(?i)all rights reserved"),
)
_KNOWN = tuple((name, re.compile(words, re.DOTALL)) for name, words in _WORDS)


def licence_of(files: Mapping[str, str]) -> str:
    """The licence that the files LICENSE or COPYING at the top tell; empty when they tell none that is known."""
    for name in sorted(name for name in files if TERMS.fullmatch(name)):
        if found := named(files[name]):
            return found
    return ""


def named(text: str) -> str:
    """The licence that a text names in its SPDX line or by its words; empty for none."""
    head = text[:HEAD]
    if spdx := _SPDX.search(head):
        return spdx[1].strip()
    return next((name for name, words in _KNOWN if words.search(head)), "")


def own(text: str) -> str:
    """The licence that a source file names in its SPDX line; empty for none."""
    spdx = _SPDX.search(text[:HEAD])
    return spdx[1].strip() if spdx else ""
