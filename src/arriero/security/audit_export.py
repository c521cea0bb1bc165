"""What somebody gets who does not run Arriero: a zip of receipts, or one page that checks itself."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from arriero.core.errors import InputError
from arriero.core.words import JsonValue
from arriero.security.audit import FORMAT
from arriero.store.audit_log import Head
from arriero.store.schema import moment

SLOT = '<script id="bundle" type="application/json">{}</script>'
ON_A_PAGE = 2_000  # receipts that the page in the zip shows; all of them are in receipts.jsonl
README = """Receipts of an Arriero audit log.

receipts.jsonl  one event a line, with the path that leads from it to the signed head
head.json       the signed head: size and root of the log, public key, signature
keys.json       the public keys that were used
verify.py       checks all of it: python3 verify.py (Python 3.8 or newer, nothing else)
receipt.html    shows and checks the first receipts in a browser, offline
"""


def page(bundle: JsonValue) -> str:
    """One HTML page that shows the receipts and checks them itself, without a network."""
    told = json.dumps(bundle, ensure_ascii=False, separators=(",", ":"))
    # Inside a script element only these could end it or open a comment.
    told = told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    blank = (files("arriero.security") / "receipts" / "receipt.html").read_text(encoding="utf-8")
    return blank.replace(SLOT, SLOT.replace("{}", told))


def write_zip(file: Path, bundle: Mapping[str, JsonValue]) -> None:
    """The bundle of `AuditLog.bundle` as a zip that needs no Arriero to be checked."""
    head, receipts = bundle["head"], bundle["receipts"]
    lines = (json.dumps(it, ensure_ascii=False, separators=(",", ":")) for it in receipts)
    script = (files("arriero.security") / "receipts" / "verify.py").read_text(encoding="utf-8")
    shown = {"head": head, "receipts": receipts[:ON_A_PAGE]}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("README.txt", README)
        out.writestr("receipts.jsonl", "".join(line + "\n" for line in lines))
        out.writestr("head.json", json.dumps(head, indent=2))
        out.writestr("keys.json", json.dumps([head["public_key"]], indent=2))
        out.writestr("verify.py", script)
        out.writestr("receipt.html", page(shown))


def read_anchor(file: Path) -> Head:
    """The head in an anchor's file; `InputError` when it is none."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise InputError(
                f"{file} has the format {told['format']!r}; this Arriero reads {FORMAT!r}"
            )
        return Head(
            int(told["size"]), told["root"], moment(int(told["at"])), told["public_key"],
            told["signature"],
        )  # fmt: skip
    except OSError as error:
        raise InputError(f"the anchor {str(file)!r} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{file} is no anchor; `arriero audit anchor` writes one") from None
