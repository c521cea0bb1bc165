"""`arriero doctor`: what this machine has, what is missing, and the command that mends it."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, settings_options
from arriero.core.errors import ArrieroError, ModelMissing

if TYPE_CHECKING:
    from arriero.core.settings import Settings

# package -> (what it is for, the extra that brings it)
PARTS = {
    "xllamacpp": ("embedded text generation", "local"),
    "onnxruntime": ("embedded encoder", "local"),
    "tokenizers": ("embedded encoder", "local"),
    "selectolax": ("HTML articles and filings", "local"),
    "snowballstemmer": ("embedded search", "local"),
    "safetensors": ("classifier heads", "local"),
    "scikit-learn": ("fitting classifier heads", "local"),
    "psycopg": ("PostgreSQL ledger", "postgres"),
    "redis": ("Redis cache", "redis"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `remedy` is empty when all is well; `needed` makes a problem an error."""

    what: str
    told: str
    remedy: str = ""
    needed: bool = True


@click.command()
@settings_options
def doctor(config: Path | None, data: Path | None) -> None:
    """Check Python, packages, models, data folder and engines; exit status 1 if something needed is missing."""
    settings = load(config, data)
    bad = False
    for found in _findings(settings):
        mark = "ok  " if not found.remedy else ("MISS" if found.needed else "opt ")
        bad = bad or (bool(found.remedy) and found.needed)
        remedy = f"  -> {found.remedy}" if found.remedy else ""
        click.echo(f"{mark} {found.what:<26} {found.told}{remedy}")
    sys.exit(1 if bad else 0)


def _findings(settings: Settings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("python", version)
    yield Finding("cores", str(os.cpu_count()))
    for package, (what, extra) in PARTS.items():
        yield _package(package, what, extra, settings)
    yield from _models(settings)
    yield from _folder(settings)
    yield from asyncio.run(_engines(settings))
    yield from asyncio.run(_sandbox())


def _package(package: str, what: str, extra: str, settings: Settings) -> Finding:
    store = settings.store
    needed = {
        "local": True,
        "postgres": store.ledger.startswith("postgresql"),
        "redis": not store.cache.startswith("memory:"),
    }[extra]
    try:
        return Finding(what, f"{package} {importlib.metadata.version(package)}")
    except importlib.metadata.PackageNotFoundError:
        remedy = f"pip install 'arriero[{extra}]'"
        return Finding(what, f"{package} is not installed", remedy, needed)


def _models(settings: Settings) -> Iterator[Finding]:
    """What the settings bind; a fake and a model at a server need no file here."""
    from arriero.models import catalogue  # noqa: PLC0415  # keeps --help fast

    folder = settings.models.folder.expanduser()
    for name in _bound(settings):
        try:
            yield Finding(f"model {name}", str(catalogue.path(name, folder)))
        except ModelMissing:
            remedy, needed = f"arriero models pull {name}", name in catalogue.DEFAULTS
            yield Finding(f"model {name}", "not here yet", remedy, needed)
        except ArrieroError as error:
            yield Finding(f"model {name}", error.message, f"arriero models pull {name}")


def _bound(settings: Settings) -> Iterator[str]:
    from arriero.assembly import app_settings  # noqa: PLC0415

    models = [settings.models.encoder]
    for section in app_settings(settings).values():
        roles = section.model_dump().get("models", {}) if section.enabled else {}
        models += [str(role["model"]) for role in roles.values()]
    engines = (model.partition(":") for model in dict.fromkeys(models))
    yield from dict.fromkeys(name for engine, _, name in engines if engine in {"onnx", "llama"})


async def _engines(settings: Settings) -> list[Finding]:
    """One ping each of ledger and cache. Without the cache Arriero still answers, only slower."""
    from arriero.assembly import left_behind, open_store  # noqa: PLC0415
    from arriero.store.cache import open_cache  # noqa: PLC0415

    found = [Finding("ledger", "answers"), Finding("cache", "answers", needed=False)]
    try:
        async with open_store(settings) as ledger:
            await ledger.ping()
        if left := left_behind(settings):
            remedy = "without [store] ledger they are read; else move the file away"
            found.append(Finding("ledger before", left, remedy, needed=False))
    except ArrieroError as error:
        found[0] = Finding("ledger", error.message, "see [store] ledger in arriero.toml")
    try:
        cache = open_cache(settings.store.cache)
        try:
            await cache.ping()
        finally:
            await cache.close()
    except ArrieroError as error:
        remedy = "see [store] cache in arriero.toml"
        found[1] = Finding("cache", error.message, remedy, needed=False)
    return found


async def _sandbox() -> list[Finding]:
    """Whether generated code can be executed here, and which languages that are compiled.

    Tried with hostile programs and one program for each compiler, which takes seconds.
    """
    from arriero.apps.codegen.sandbox.compilers.table import LANGUAGES  # noqa: PLC0415
    from arriero.apps.codegen.sandbox.open import open_sandbox  # noqa: PLC0415

    async with open_sandbox() as probed:
        found = [Finding("sandbox", probed.told, probed.remedy, needed=False)]
        if probed.compiled is not None:
            for language in LANGUAGES:
                told, remedy = await probed.compiled.works(language)
                found.append(Finding(f"code in {language.told}", told, remedy, needed=False))
        return found


def _folder(settings: Settings) -> Iterator[Finding]:
    from arriero.assembly import writable  # noqa: PLC0415

    try:
        folder: Path = writable(settings.data)
    except ArrieroError as error:
        yield Finding("data folder", error.message, "choose another with --data")
        return
    free = shutil.disk_usage(folder).free / 1e9
    yield Finding("data folder", f"{settings.data} ({free:.1f} GB free)")
