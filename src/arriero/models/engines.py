"""Opens models by their engine URL and keeps one of each: the only file that names model engines."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from arriero.core.errors import SettingsError
from arriero.core.settings import Deployment, Settings
from arriero.core.words import RoleBinding, Variant, content_hash
from arriero.models import catalogue
from arriero.models.adapters import adapter_file
from arriero.models.base import Classifier, Encoder, Generator, Piece, Prompt
from arriero.models.cached import CachedClassifier
from arriero.models.copy_child import copy_of
from arriero.models.fake import EchoGenerator, FakeClassifier, FakeEncoder
from arriero.models.lease import GenerationLease
from arriero.models.llm_classifier import LlmClassifier
from arriero.models.openai_http import OpenAIHttp
from arriero.models.roles import Models, Price
from arriero.store.base import Cache

LEARNED = "head:"  # before the hash of a refitted head, in a binding's adapter

log = logging.getLogger(__name__)


class Engines:
    """The models of this process. Text models start when first bound; `close` ends them all."""

    def __init__(self, settings: Settings, cache: Cache) -> None:
        self._settings = settings
        self._cache = cache
        self._encoder: Encoder | None = None
        self._opening = asyncio.Lock()
        self._teaching = asyncio.Lock()
        self._generators: dict[tuple[str, str | None, bool], Generator] = {}
        self._heads: dict[str, Path] = {}
        self._classifiers: dict[tuple[str, str | None, str], Classifier] = {}
        self._taught: dict[tuple[str, str | None, str], tuple[tuple[str, str], ...]] = {}
        # One child at a time: two of them on two cores starve each other.
        self._lease = GenerationLease(settings.models.max_waiting)

    @property
    def idle(self) -> bool:
        """Nobody waits for an embedded model: the moment for work that may be dropped."""
        return self._lease.idle

    @property
    def folder(self) -> Path:
        return self._settings.models.folder.expanduser()

    async def encoder(self) -> Encoder:
        """The one encoder, opened on first use; `ModelMissing` when it is not pulled."""
        async with self._opening:
            if self._encoder is None:
                self._encoder = await asyncio.to_thread(self._open_encoder)
            return self._encoder

    def _open_encoder(self) -> Encoder:
        engine, _, name = self._settings.models.encoder.partition(":")
        if engine == "fake":
            return FakeEncoder()
        from arriero.models.encoder import OnnxEncoder, OpenAIEncoder  # noqa: PLC0415  # heavy

        if engine == "openai":
            where = self._deployment(name)
            return OpenAIEncoder(where.url, where.model, _secret(name, where))
        entry = catalogue.entry_of(name, self.folder)
        files = catalogue.path_of(entry, self.folder)
        graph = copy_of(entry, self.folder) if self._copied(entry) else None
        return OnnxEncoder(files, graph=graph)

    def _copied(self, entry: catalogue.Entry) -> bool:
        return bool(entry.repack) and self._settings.models.repack

    async def fit(self, heads: Mapping[str, Path]) -> None:
        """Make sure that each head (name -> CSV of text,label) is fitted for this encoder."""
        encoder = await self.encoder()
        for name, csv in heads.items():
            data = await asyncio.to_thread(csv.read_bytes)
            folder = head_folder(self._settings, name, data, encoder)
            from arriero.models.heads import is_fitted  # noqa: PLC0415  # heavy

            if not await asyncio.to_thread(is_fitted, folder):
                from arriero.models.fit_head import fit_in_child  # noqa: PLC0415  # heavy

                log.info("fitting the head %s on %s", name, csv)
                await fit_in_child(csv, folder, self._settings.models.encoder, self.folder)
            self._heads[name] = folder

    async def teach(self, head: str, rows: Sequence[tuple[str, str]]) -> None:
        """The head `head` knows these rows (text, label) from now on, and none that came before them.

        Nothing happens where no role is bound to that head. Raises what `HeadClassifier.teach` raises.
        """
        async with self._teaching:  # of messages that come together the first one has it done
            for key, classifier in tuple(self._classifiers.items()):
                if key[0] != f"head:{head}" or not isinstance(classifier, Teachable):
                    continue
                # Asked with every message, seldom changed.
                if self._taught.get(key, ()) != tuple(rows):
                    await classifier.teach(rows)
                    self._taught[key] = tuple(rows)

    def models(
        self,
        variant: Variant,
        labels: Mapping[str, tuple[str, ...]],
        cached: Mapping[str, float],
    ) -> Models:
        """The models bound to `variant`. A role in `labels` classifies, any other one generates."""
        generators: dict[str, Generator] = {}
        classifiers: dict[str, Classifier] = {}
        for role, bound in variant.roles.items():
            if role in labels:
                classifier = self._classifier(bound, labels[role])
                if role in cached:
                    which = content_hash([bound.model, bound.adapter, labels[role]])[:16]
                    classifier = CachedClassifier(classifier, self._cache, cached[role], which)
                classifiers[role] = classifier
            else:
                generators[role] = self.generator(bound)
        prices = {role: self._price(bound) for role, bound in variant.roles.items()}
        return Models(variant.roles, generators, classifiers, prices)

    def generator(self, bound: RoleBinding, *, drafting: bool = True) -> Generator:
        """The generator behind a binding; opened at its first use, so it may be pulled until then.

        Without `drafting` an embedded model is slower at quoting, but gives log-probabilities.
        """
        return Lazy(bound.model, lambda: self._opened(bound, drafting=drafting))

    def _opened(self, bound: RoleBinding, *, drafting: bool = True) -> Generator:
        drafting = drafting and bound.drafting
        key = (bound.model, bound.adapter, drafting or not bound.model.startswith("llama:"))
        if key not in self._generators:
            self._generators[key] = self._open_generator(bound, drafting=drafting)
        return self._generators[key]

    def _open_generator(self, bound: RoleBinding, *, drafting: bool) -> Generator:
        engine, _, name = bound.model.partition(":")
        if engine == "fake":
            return EchoGenerator(name)
        if engine == "openai":
            where = self._deployment(name)
            return OpenAIHttp(
                name, where.url, where.model, _secret(name, where),
                at_once=where.max_waiting, adapter=bound.adapter,
            )  # fmt: skip
        if engine != "llama":
            raise SettingsError(f"{bound.model!r} cannot write text; use llama:, openai: or fake:")
        from arriero.models.llama import LlamaGenerator  # noqa: PLC0415  # heavy
        from arriero.models.pace import cores  # noqa: PLC0415

        return LlamaGenerator.of(
            name,
            catalogue.path(name, self.folder, repacked=self._settings.models.repack),
            adapter=adapter_file(bound.adapter, self._settings.data) if bound.adapter else None,
            threads=self._settings.models.threads,
            writers=catalogue.writers_of(name, self.folder, cores()),
            context=self._settings.models.context,
            drafting=drafting,
            parallel=1 if drafting else self._settings.models.parallel,
            folder=self._settings.data / "llama",
            lease=self._lease,
        )

    def _classifier(self, bound: RoleBinding, labels: tuple[str, ...]) -> Classifier:
        key = (bound.model, bound.adapter, "|".join(labels))
        if key not in self._classifiers:
            self._classifiers[key] = self._open_classifier(bound, labels)
        return self._classifiers[key]

    def _open_classifier(self, bound: RoleBinding, labels: tuple[str, ...]) -> Classifier:
        engine, _, name = bound.model.partition(":")
        if engine == "fake":
            return FakeClassifier({}, default=name)
        if engine in {"llama", "openai"}:
            return LlmClassifier(self.generator(bound, drafting=False), labels)
        from arriero.models.tuned import open_head  # noqa: PLC0415  # heavy

        if name not in self._heads or self._encoder is None:
            raise SettingsError(
                f"no head {name!r}; the app trains: {', '.join(self._heads) or '-'}"
            )
        folder = learned_head(self._settings, bound.adapter) or self._heads[name]
        return open_head(folder, self._encoder)

    def _deployment(self, name: str) -> Deployment:
        if name not in self._settings.deployments:
            raise SettingsError(
                f"no deployment {name!r}; add [deployments.{name}] with url and model"
            )
        return self._settings.deployments[name]

    def _price(self, bound: RoleBinding) -> Price:
        where = self._settings.deployments.get(bound.model.removeprefix("openai:"))
        return Price(where.price_in, where.price_out) if where else Price()

    def lacking(self, variant: Variant) -> str | None:
        """The first model that is not pulled, when every role of `variant` waits for one; else None."""
        missing = [self._not_pulled(bound.model) for bound in variant.roles.values()]
        return missing[0] if missing and all(missing) else None

    def _not_pulled(self, model: str) -> str | None:
        engine, _, name = model.partition(":")
        if engine != "llama" or catalogue.is_pulled(name, self.folder):
            return None
        return name

    async def warm(self, variant: Variant, labels: Collection[str]) -> None:
        """Start the embedded text models that `variant` binds; the roles in `labels` classify."""
        for role, bound in variant.roles.items():
            if bound.model.startswith("llama:"):
                generator = self._opened(bound, drafting=role not in labels)
                if isinstance(generator, Startable):
                    await generator.start()

    def pings(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """The ping of each text model that was opened."""
        return {
            "model:"
            + model
            + (f"+{adapter}" if adapter else "")
            + ("" if drafting else " (no drafts)"): (generator.ping)
            for (model, adapter, drafting), generator in self._generators.items()
        }

    async def close(self) -> None:
        for generator in self._generators.values():
            await generator.close()
        for classifier in self._classifiers.values():
            if isinstance(classifier, Closable):
                await classifier.close()
        if self._encoder is not None:
            await self._encoder.close()


def head_folder(settings: Settings, name: str, csv: bytes, encoder: Encoder) -> Path:
    """Where the head `name` of these training rows on this encoder is kept."""
    version = hashlib.sha256(csv + encoder.name.encode()).hexdigest()[:12]
    return settings.data.expanduser() / "heads" / f"{name}-{version}"


def learned_heads(settings: Settings) -> Path:
    """Where heads that were refitted lie, each under its hash."""
    return settings.data.expanduser().absolute() / "learning" / "heads"


def learned_head(settings: Settings, adapter: str | None) -> Path | None:
    """The folder of the head that a binding names as `head:HASH`; None when it names none."""
    name = (adapter or "").removeprefix(LEARNED)
    return learned_heads(settings) / name if name and name != adapter else None


@runtime_checkable
class Startable(Protocol):
    """A generator with a process of its own, which may be started before it is asked."""

    async def start(self) -> None: ...


@runtime_checkable
class Teachable(Protocol):
    """A classifier that takes rows in without a fit."""

    async def teach(self, rows: Sequence[tuple[str, str]]) -> None: ...


@runtime_checkable
class Closable(Protocol):
    """A classifier with something of its own to close."""

    async def close(self) -> None: ...


class Lazy:
    """A generator that is opened when it is first asked; says what is missing when it cannot be."""

    def __init__(self, name: str, open_it: Callable[[], Generator]) -> None:
        self.name = name
        self._open = open_it

    async def stream(self, prompt: Prompt, *, timeout_s: float) -> AsyncIterator[Piece]:
        pieces = self._open().stream(prompt, timeout_s=timeout_s)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()  # type: ignore[attr-defined]  # every stream is an async generator

    async def ping(self) -> None:
        await self._open().ping()

    async def close(self) -> None:
        """Nothing of its own to close: `Engines.close` ends what was opened."""


def _secret(name: str, where: Deployment) -> str | None:
    if where.api_key_file is None:
        return None
    try:
        return where.api_key_file.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"[deployments.{name}] api_key_file {str(where.api_key_file)!r} cannot be read ({error}); "
            "write the key into it, or correct the path"
        ) from None
