"""A dataset's folder: LLaMA-Factory's files, the index of who is in it, and the manifest, written last.

The format is LLaMA-Factory 0.9.5's (data/README.md there): `formatting` sharegpt with OpenAI's tags.
History answers are in the messages, so full targets must be trained with `mask_history: true`.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from arriero.core.errors import StoreError
from arriero.core.words import JsonValue, content_hash
from arriero.learning.dataset.example import Example, Route
from arriero.models.files import read_json, sha256_of, write_json

INFO = "dataset_info.json"
MANIFEST = "manifest.json"
INDEX = "index.json"
UNFINISHED = ".unfinished"  # after the name of a folder that is being written
HELD_OUT = "eval_"  # before the route's name: what is kept aside
TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}
HEADS_COLUMNS = ("head", "text", "label")


def row(example: Example) -> JsonValue:
    """An example as LLaMA-Factory reads it; as (head, text, label) when it is for a classifier."""
    asked = [dict(one) for one in example.messages]
    answer = {"role": "assistant", "content": example.target}
    match example.route:
        case Route.SFT:
            return {"messages": [*asked, answer]}
        case Route.DPO:
            worse = {"role": "assistant", "content": example.rejected}
            return {"messages": asked, "chosen": answer, "rejected": worse}
        case Route.KTO:
            return {"messages": [*asked, answer], "kto_tag": example.good}
        case Route.HEADS:
            return [example.head, example.question, example.target]


def entry(route: Route, file: str) -> Mapping[str, JsonValue]:
    """What `dataset_info.json` says of a file."""
    columns = {"messages": "messages"}
    if route is Route.DPO:
        columns |= {"chosen": "chosen", "rejected": "rejected"}
    if route is Route.KTO:
        columns |= {"kto_tag": "kto_tag"}
    told = {"file_name": file, "formatting": "sharegpt", "columns": columns, "tags": TAGS}
    return told | ({"ranking": True} if route is Route.DPO else {})


Rows = Mapping[str, Sequence[tuple[JsonValue, frozenset[str]]]]  # file -> (row, marks of persons)


def rows_of(
    training: Sequence[Example], held_out: Sequence[Example], mark: Callable[[str], str]
) -> Rows:
    """The rows of each file, with the marks (salted hashes) of everybody who is in them."""
    found: dict[str, list[tuple[JsonValue, frozenset[str]]]] = {}
    for side, ones in (("", training), (HELD_OUT, held_out)):
        for example in ones:
            marks = frozenset(map(mark, example.names)) | example.speakers
            found.setdefault(file_of(example.route, side), []).append((row(example), marks))
    return found


def file_of(route: Route, side: str = "") -> str:
    """The file of a route's examples; `side` is `HELD_OUT` for those that are kept aside."""
    return f"{side}{route.value}.{'csv' if route is Route.HEADS else 'jsonl'}"


def route_of(file: str) -> Route:
    """The route whose examples the file holds."""
    return Route(file.removeprefix(HELD_OUT).partition(".")[0])


def id_of(rows: Rows) -> str:
    """The dataset's name: a hash of its rows, file by file. The same rows always give the same one."""
    return content_hash({file: [told for told, _ in some] for file, some in sorted(rows.items())})


def write(root: Path, rows: Rows, manifest: Mapping[str, Any]) -> Path:
    """Make the folder `root/id`; a dataset that is there already is left as it is.

    Raises:
        StoreError: the disk is full or cannot be written; nothing half-made is taken for a dataset.
    """
    id = id_of(rows)
    folder, unfinished = root / id, root / f".{id}{UNFINISHED}"
    if read_json(folder / MANIFEST).get("id") == id and not read_json(folder / MANIFEST)["gone"]:
        return folder
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        for file, some in rows.items():
            _write_rows(unfinished / file, [told for told, _ in some])
        info = {
            Path(file).stem: entry(route_of(file), file)
            for file in rows
            if route_of(file) is not Route.HEADS
        }
        write_json(unfinished / INFO, info)
        write_json(
            unfinished / INDEX,
            {file: [sorted(marks) for _, marks in some] for file, some in rows.items()},
        )
        files = {file: sha256_of(unfinished / file) for file in (INFO, *rows)}
        write_json(unfinished / MANIFEST, {"id": id, **manifest, "files": files, "gone": None})
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise StoreError(
            f"the dataset cannot be written to {str(root)!r} ({error.strerror}); free space there"
        ) from None
    return folder


def _write_rows(file: Path, rows: Sequence[JsonValue]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        if file.suffix == ".csv":
            csv.writer(out).writerows([HEADS_COLUMNS, *rows])
        else:
            out.writelines(f"{json.dumps(one, ensure_ascii=False)}\n" for one in rows)


def read(folder: Path) -> Rows:
    """The rows of a dataset with their marks, as they were written."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return {
        file: [
            (told, frozenset(marks))
            for told, marks in zip(_read_rows(folder / file), some, strict=True)
        ]
        for file, some in index.items()
    }


def _read_rows(file: Path) -> list[JsonValue]:
    with file.open(encoding="utf-8", newline="") as lines:
        if file.suffix == ".csv":
            return list(csv.reader(lines))[1:]
        return [json.loads(line) for line in lines]
