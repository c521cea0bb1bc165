"""Private data: 1,000 generated messages through a real server; then the bytes of everything it kept.

The messages are new for every seed (`--seed N`; by default the clock's, which is printed). Every
private value, its parts, and its spaced and lower-cased forms are searched for in all files of the
data folder with the logs, in every table with the traces unpacked, and in the prompts that a model
server received. Precision is counted over the masked pieces, look-alikes included.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from arriero.apps.support.directory import SqliteDirectory
from arriero.apps.support.sample import shop
from arriero.core.statistics import percentile, wilson
from arriero.models.fake_server import FakeOpenAIServer, open_fake_server
from arriero.security.masking import PLACEHOLDER, PatternMasker, Vault
from bars._client import INQUIRIES, connected, post
from bars._private import Secret, Written, directory_people, messages
from bars._server import Server, arriero
from bars._trial import count, keep, progress
from bars._written import HERE, Marked, marked, masked
from bars.result import Figure

SETTINGS = """
[models]
encoder = "fake:encoder"
[deployments.witness]
url = "URL"
model = "echo"
api_key_file = "KEYFILE"
[apps.support]
wording = "free"
directory = "sqlite:///DIRECTORY"
[apps.support.models]
intent_classifier = { model = "fake:INTENT" }
sentiment_analyzer = { model = "fake:neutral" }
response_generator = { model = "openai:witness", temperature = 0.3, max_tokens = 60 }
[apps.chat.models]
chat = { model = "openai:witness" }
"""
CHAT = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Kept:
    """All that could be read afterwards, in lower case: as text, and its letters and digits alone."""

    text: str
    squashed: str
    size: int


def main() -> None:
    seed = _seed()
    progress(f"seed {seed}")
    written = messages(seed, count(1_000, 60))
    with tempfile.TemporaryDirectory() as folder:
        kept, said, restored = asyncio.run(_told(Path(folder), written, seed))
    progress(f"{kept.size / 1e6:.1f} MB kept; searching for {len(said)} values")
    missed = _leaks(said, kept)
    for text in sorted({text for one in missed for text in (one.text, *one.parts)}):
        if where := _where(text, kept):
            progress(f"found {text!r}: {where!r}")
    lazy = Kept(*_searchable(one.text for one in written))
    plain = _searched(written)
    keep("privacy", WHAT, [
        Figure("leaks", len(missed), "values", "<= 0", len(said), note=f"seed {seed}"),
        *_masking(written),
        Figure("restored", round(restored, 4), "share", ">= 1", len(written), note="the echo of a message is that message again"),
        Figure("leaks_by_lazy_nothing", round(len(_leaks(plain, lazy)) / len(plain), 4), "share", ">= 0.999", len(plain),
               note="the product that masks nothing: the search must find all of it"),
        _precision_of_everything(written),
        *_by_hand("by_hand", marked("report")),
        *_by_hand("small_letters", marked("report", HERE / "private_small.txt")),
        *_by_hand("second_author", marked("report", HERE / "private_second.txt")),
    ])  # fmt: skip


WHAT = "private data of generated messages: what a real server keeps, and what it masks wrongly"


def _seed() -> int:
    asked = sys.argv[sys.argv.index("--seed") + 1 :] if "--seed" in sys.argv else []
    return int(asked[0]) if asked else time.time_ns() % 10**9


async def _told(
    folder: Path, written: Sequence[Written], seed: int
) -> tuple[Kept, Sequence[Secret], float]:
    """Every message asked of support and of chat; then greetings by customers of the directory."""
    people = directory_people(seed, shop.customers())
    today = datetime.now(UTC).date()
    SqliteDirectory.create(folder / "shop.db", people, shop.orders(today))
    blobs: list[bytes] = []
    said = _searched(written)
    async with open_fake_server() as witness:
        (folder / "witness.key").write_text(witness.key)
        with arriero(folder / "a", _settings(witness, folder, "product_advice")) as server:
            restored = await _ask(server, written, witness)
            server.end()
            blobs += _files(server.data)
        with arriero(folder / "b", _settings(witness, folder, "greeting_smalltalk")) as server:
            asked = people[: count(200, 20)]
            for one in asked:
                await _greet(server, one.id)
            server.end()
            blobs += _files(server.data)
        blobs.append(json.dumps(witness.seen, ensure_ascii=False).encode())
    for one in asked:
        said += [Secret("directory", text) for text in (one.first_name, one.email, one.phone)]
    return Kept(*_searchable(blob.decode(errors="replace") for blob in blobs)), said, restored


def _settings(witness: FakeOpenAIServer, folder: Path, intent: str) -> str:
    values = {"URL": witness.url, "KEYFILE": str(folder / "witness.key"),
              "DIRECTORY": str(folder / "shop.db"), "INTENT": intent}  # fmt: skip
    return re.sub("|".join(values), lambda match: values[match.group()], SETTINGS)


async def _ask(server: Server, written: Sequence[Written], witness: FakeOpenAIServer) -> float:
    whole = 0
    async with connected(server.url) as line:
        for at, one in enumerate(written):
            before = written[at - 1].text
            body = {
                "message": one.text,
                "conversation": f"talk-{at // 3}",
                "history": [{"role": "customer", "text": before}],
            }
            request = post(INQUIRIES, server.key, body)
            keyed = request.replace(b"\r\n\r\n", f"\r\nidempotency-key: k{at}\r\n\r\n".encode(), 1)
            answer = await line.ask(keyed if at % 3 == 0 else request)
            assert answer.status == 200, answer.body
            chat = {"model": "chat", "messages": [{"role": "user", "content": one.text}]}
            told = (await line.ask(post(CHAT, server.key, chat))).json()
            whole += told.get("choices", [{}])[0].get("message", {}).get("content") == one.text
            if at % 10 == 0:  # what is refused must not be told to the log either
                wrong = {"message": one.text, "mesage": one.text, "customer": one.text * 9}
                assert (await line.ask(post(INQUIRIES, server.key, wrong))).status == 400
    progress(f"{len(written)} messages asked twice; {len(witness.seen)} prompts captured")
    return whole / len(written)


async def _greet(server: Server, customer: str) -> None:
    async with connected(server.url) as line:
        body = {"message": "Hello, and thank you very much!", "customer": customer}
        answer = await line.ask(post(INQUIRIES, server.key, body))
        assert answer.status == 200, answer.body


def _files(data: Path) -> Iterator[bytes]:
    """The bytes of every file, and the traces of every ledger unpacked. The settings are the bar's own."""
    for file in sorted(data.rglob("*")):
        if file.is_file() and file.name not in {"bar.toml", "vault.key"}:
            yield file.read_bytes()
    with sqlite3.connect(data / "ledger.db") as ledger:
        for (packed,) in ledger.execute("SELECT body FROM traces"):
            yield zlib.decompress(packed)
        assert ledger.execute("SELECT count(*) FROM vaults").fetchone()[0] >= 1 or "b" in data.name
    ledger.close()


def _searchable(texts: Iterator[str]) -> tuple[str, str, int]:
    text = "\n".join(texts).lower()
    return text, "".join(char for char in text if char.isalnum()), len(text)


def _leaks(said: Sequence[Secret], kept: Kept) -> list[Secret]:
    known: dict[str, bool] = {}
    return [
        one for one in said if any(_found(text, kept, known) for text in (one.text, *one.parts))
    ]


def _searched(written: Sequence[Written]) -> list[Secret]:
    """The private values that can be looked for: a post box 417 proves nothing where it is found."""
    secrets = (secret for one in written for secret in one.secrets)
    return [one for one in secrets if sum(char.isalnum() for char in one.text) >= 5]


def _found(text: str, kept: Kept, known: dict[str, bool]) -> bool:
    """Whether `text` stands in what was kept: as it is, escaped as JSON does, or in any spacing.

    A part of less than 5 letters and digits is not looked for alone.
    """
    if text not in known:
        low = text.lower()
        squashed = "".join(char for char in low if char.isalnum())
        forms = {low, json.dumps(low)[1:-1], json.dumps(low, ensure_ascii=False)[1:-1]}
        whole = (rf"(?<![^\W_]){re.escape(form)}(?![^\W_])" for form in forms if form in kept.text)
        known[text] = len(squashed) >= 5 and (
            any(re.search(form, kept.text) for form in whole)
            or (len(squashed) >= 9 and squashed in kept.squashed)
        )
    return known[text]


def _where(text: str, kept: Kept) -> str:
    """What stands around `text`, if it was found as it is: for whoever has to mend it."""
    at = re.search(rf"(?<![^\W_]){re.escape(text.lower())}(?![^\W_])", kept.text)
    return kept.text[max(0, at.start() - 60) : at.end() + 30] if at else ""


def _masking(written: Sequence[Written]) -> list[Figure]:
    """Precision of the masked pieces, and the time that a message takes."""
    masker, right, ms = PatternMasker(), [], []
    masker.mask(written[0].text, Vault())  # reads the word lists
    for one in written:
        vault = Vault()
        began = perf_counter()
        masked = masker.mask(one.text, vault)
        ms.append((perf_counter() - began) * 1e3)
        assert vault.restore(masked) == one.text
        right += [_is_private(value, one.secrets) for value in vault.values.values()]
    seen = wilson(sum(right), len(right))
    touched = [one for one in written if not one.secrets]
    quiet = sum(PLACEHOLDER.search(masker.mask(one.text, Vault())) is None for one in touched)
    return [
        Figure("precision", round(seen.value, 4), "share", ">= 0.95", len(right), round(seen.low, 4), round(seen.high, 4)),
        Figure("untouched", round(quiet / len(touched), 4), "share", n=len(touched), note="messages without anything private"),
        Figure("p50_ms", round(percentile(ms, 50), 3), "ms a message", n=len(ms)),
        Figure("p95_ms", round(percentile(ms, 95), 3), "ms a message", "<= 5", len(ms)),
    ]  # fmt: skip


def _by_hand(prefix: str, rows: Sequence[Marked]) -> list[Figure]:
    """The half of messages written by hand that the recognisers were not mended on."""
    masker = PatternMasker()
    seen = [masked(one, masker) for one in rows]
    values = sum(len(one.private) for one in rows)
    right, wrong = sum(one.right for one in seen), sum(len(one.wrong) for one in seen)
    spared, lost = sum(one.spared for one in seen), sum(len(one.lost) for one in seen)
    shares = [
        ("leaked", wilson(sum(len(one.left) for one in seen), values), values, "values that stand whole in what is left; the masker alone"),
        ("precision", wilson(right, right + wrong), right + wrong, "half of these rows hold look-alikes only"),
        ("spared", wilson(spared, spared + lost), spared + lost, "look-alikes"),
    ]  # fmt: skip
    return [
        Figure(f"{prefix}_{name}", round(one.value, 4), "share", "", n, round(one.low, 4), round(one.high, 4), note)
        for name, one, n, note in shares
    ]  # fmt: skip


def _is_private(piece: str, secrets: Sequence[Secret]) -> bool:
    """Whether a masked piece is private: a part of a value, or a value with little around it."""
    low = piece.lower()
    return any(
        low in text.lower() or (text.lower() in low and len(low) <= 2 * len(text) + 12)
        for one in secrets
        for text in (one.text, *one.parts)
    )


def _precision_of_everything(written: Sequence[Written]) -> Figure:
    words = [(word, one.secrets) for one in written for word in one.text.split()]
    right = sum(_is_private(word.strip(".,!?-"), secrets) for word, secrets in words)
    note = "the product that masks every word has to fail `precision`"
    return Figure(
        "precision_by_lazy_everything",
        round(right / len(words), 4),
        "share",
        "<= 0.9",
        len(words),
        note=note,
    )


if __name__ == "__main__":
    main()
