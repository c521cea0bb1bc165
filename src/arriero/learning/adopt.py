"""Bringing what one has: a LLaMA-Factory output becomes a challenger, one's own files are trained."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arriero.core.errors import InputError
from arriero.core.words import JsonValue, Variant
from arriero.learning.adapters import CONFIG, check_merged, read_lora
from arriero.learning.merged import with_tokenizer_of
from arriero.learning.parity import AdapterRefused, Parity, merged_parity
from arriero.learning.registry import MERGED, Registry, carded, challenger, check_role
from arriero.learning.trainers.base import Recipe, Trainer, TrainingProgress
from arriero.learning.trainers.bases import Base, base_of, template_of
from arriero.learning.trainers.dataset import dataset_id
from arriero.learning.trainers.environment import run_inside
from arriero.learning.trainers.llamafactory import OURS
from arriero.models import catalogue
from arriero.models.catalogue import Entry
from arriero.models.files import read_json, sha256_of
from arriero.models.progress import Progress
from arriero.models.pull import pull
from arriero.store.base import Artefact, ArtefactRegistered, VariantRegistered

READ_YAML = "read_yaml.py"


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was registered: the adapter (or merged model) and the variant that would use it."""

    artefact: Artefact
    variant: Variant


async def adopt(
    folder: Path,
    registry: Registry,
    champion: Variant,
    role: str,
    *,
    progress: Progress,
    actor: str,
    base: str | None = None,
    template: str | None = None,
) -> Adopted:
    """Prove the LLaMA-Factory output in `folder`, and register it and a challenger of `champion`.

    `base` is the catalogue name where the folder does not say it in a way that we know; a base that
    is not here is pulled. `template` is LLaMA-Factory's name of the chat template it was trained with.
    Raises `AdapterRefused` with one sentence for what cannot be served as it was trained, `InputError` for a
    role that no adapter can play.
    """
    check_role(champion, role)
    folder = await asyncio.to_thread(folder.absolute)
    if await asyncio.to_thread((folder / CONFIG).is_file):
        artefact = await _adopted_lora(
            folder, registry, champion.app, progress, actor, base, template
        )
    elif await asyncio.to_thread((folder / "config.json").is_file):
        artefact = await _adopted_merged(folder, registry, champion.app, progress, actor, base)
    else:
        raise AdapterRefused(
            f"{str(folder)!r} has neither {CONFIG} nor config.json; "
            + await asyncio.to_thread(_instead, folder)
        )
    variant = challenger(champion, role, artefact)
    now = registry.clock.now()
    await registry.ledger.commit(
        ArtefactRegistered(artefact, actor), VariantRegistered(variant, now), durable=True
    )
    return Adopted(artefact, variant)


def _instead(folder: Path) -> str:
    """What to name instead of a folder that holds no model: the newest checkpoint of a training that broke off."""
    found = [one.parent for one in folder.glob(f"checkpoint-*/{CONFIG}")]
    if not found:
        return "name LLaMA-Factory's output_dir (an adapter) or export_dir (a merged model)"
    newest = max(found, key=lambda one: one.stat().st_mtime)
    return f"its training broke off: finish it, or name {str(newest)!r}"


async def _adopted_lora(
    folder: Path,
    registry: Registry,
    app: str,
    progress: Progress,
    actor: str,
    named: str | None,
    template: str | None,
) -> Artefact:
    lora = await asyncio.to_thread(read_lora, folder)
    if template is None and not template_of(folder):
        raise AdapterRefused(
            f"{str(folder)!r} has no chat template, so nobody can know how its prompts looked; name"
            " LLaMA-Factory's with --template"
        )
    base = await _base(registry, named or lora.base, progress)
    progress.say("converting, serving and comparing (minutes)")
    proved = await registry.proved(folder, base, template=template)
    if not proved.parity.same_default:
        progress.say(
            "note: trained with another default system message than the base is served with; prompts"
            " that bring their own are the same"
        )
    return await carded(
        proved, tenant=registry.tenant, app=app, actor=actor, now=registry.clock.now()
    )


async def _base(registry: Registry, named: str, progress: Progress) -> Base:
    entry = await _entry(registry, named, progress)
    return await base_of(entry.name, registry.models, registry.environment)


async def _entry(registry: Registry, named: str, progress: Progress) -> Entry:
    """The catalogue row of a base, pulled."""
    stamp = read_json(Path(named) / "base.json")  # it was trained on a folder of ours
    entry = catalogue.entry_known_as(str(stamp.get("name") or named), registry.models)
    if entry is None:
        known = ", ".join(catalogue.entries(registry.models))
        raise AdapterRefused(
            f"its base {named!r} is not in the catalogue ({known}); name it with --base, or add a row"
            " to catalogue.toml in the models folder"
        )
    await pull(entry, registry.models, progress=progress)
    return entry


async def _adopted_merged(
    folder: Path,
    registry: Registry,
    app: str,
    progress: Progress,
    actor: str,
    named: str | None,
) -> Artefact:
    told = read_json(folder / "config.json")
    base = await _base(registry, named or str(told.get("_name_or_path") or folder.name), progress)
    await asyncio.to_thread(check_merged, folder, base)
    progress.say("converting, serving and comparing (minutes)")
    work = registry.models / f".merged-{folder.name}"
    try:
        await asyncio.to_thread(work.mkdir, parents=True, exist_ok=True)
        gguf, parity = await _converted(folder, base, registry, work)
        parity.check()
        name, sha256 = await asyncio.to_thread(_listed, gguf, base, registry.models, folder)
    finally:
        await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
    body: Mapping[str, JsonValue] = {
        "base": base.name,
        "base_sha256": base.gguf_sha256,
        "licence": base.licence,
        MERGED: name,
        "template": base.template,
        "parity": parity.to_json(),
        "origin": f"adopted from {folder.name}",
        "by": actor,
    }
    return Artefact("adapter", sha256, registry.tenant, app, body, registry.clock.now())


async def _converted(
    folder: Path, base: Base, registry: Registry, work: Path
) -> tuple[Path, Parity]:
    script = registry.environment.converter / "convert_hf_to_gguf.py"
    weights, gguf = work / "weights.gguf", work / "model.gguf"
    arguments = [str(folder), "--outfile", str(weights), "--outtype", "q8_0"]
    await run_inside(registry.environment, script, arguments)
    own = catalogue.path(base.name, registry.models)
    await asyncio.to_thread(with_tokenizer_of, own, weights, gguf)
    return gguf, await merged_parity(gguf, folder, own, base.folder, registry.environment)


def _listed(gguf: Path, base: Base, models: Path, folder: Path) -> tuple[str, str]:
    """Move a merged model's file into the models folder and list it in the user's own catalogue."""
    sha256 = sha256_of(gguf)
    name = f"merged-{sha256[:12]}"
    target = models / name / f"{name}.gguf"
    size = gguf.stat().st_size
    target.parent.mkdir(exist_ok=True)
    gguf.replace(target)
    if name not in catalogue.entries(models):
        lines = (
            "\n[[model]]",
            f'name = "{name}"',
            f"title = {_quoted(f'merged model of {base.name}, Q8_0')}",
            'kind = "generator"',
            f"licence = {_quoted(base.licence)}",
            f"origin = {_quoted(f'adopted from {folder.name}')}",
            "[[model.file]]",
            f'name = "{target.name}"',
            f"size = {size}",
            f'sha256 = "{sha256}"',
            "[[model.file.source]]",
            f"local = {_quoted(str(target))}",
        )
        with (models / catalogue.OWN).open("a", encoding="utf-8") as own:
            own.write("\n".join(lines) + "\n")
    return name, sha256


def _quoted(text: str) -> str:
    """A string of TOML, in which a character cannot be written as two halves, as JSON may do it."""
    return json.dumps(text, ensure_ascii=False)


async def train_own(
    yaml: Path,
    dataset: Path,
    registry: Registry,
    trainer: Trainer,
    champion: Variant,
    role: str,
    *,
    progress: Callable[[TrainingProgress], None],
    actor: str,
) -> Adopted:
    """Train the user's own LLaMA-Factory files, and register the result and a challenger with it.

    `yaml` is what `llamafactory-cli train` takes, `dataset` its dataset_dir. Raises `InputError` for
    what cannot be trained and served here, `TrainingFailed`, or as `adopt` does.
    """
    check_role(champion, role)
    recipe = await own_recipe(yaml, registry, trainer.name)
    key = recipe.key(await asyncio.to_thread(dataset_id, dataset))
    out = registry.settings.data.expanduser().absolute() / "learning" / "trained" / key
    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    trained = await trainer.train(dataset, recipe, out, progress=progress)
    artefact = await registry.register(champion.app, trained, actor=actor)
    variant = challenger(champion, role, artefact)
    await registry.ledger.commit(VariantRegistered(variant, registry.clock.now()), durable=True)
    return Adopted(artefact, variant)


async def own_recipe(yaml: Path, registry: Registry, trainer: str) -> Recipe:
    """What a LLaMA-Factory YAML asks for, with what Arriero sets itself left out."""
    if not await asyncio.to_thread(yaml.is_file):
        raise InputError(f"no file {str(yaml)!r}; name what `llamafactory-cli train` takes")
    script = Path(__file__).with_name("trainers") / "inside" / READ_YAML
    told: dict[str, Any] = json.loads(
        (await run_inside(registry.environment, script, [str(yaml)])).splitlines()[-1]
    )
    stage, base = told.get("stage", "sft"), told.get("model_name_or_path")
    if not isinstance(base, str):
        raise InputError(f"{str(yaml)!r} has no model_name_or_path")
    if told.get("adapter_name_or_path"):
        raise InputError(
            f"{str(yaml)!r} goes on from an adapter (adapter_name_or_path), and every training here begins"
            " with its base: train it with LLaMA-Factory itself, then: arriero models adopt OUTPUT_DIR"
        )
    entry = None if Path(base).is_dir() else catalogue.entry_known_as(base, registry.models)  # noqa: ASYNC240  # one look
    own = {key: value for key, value in told.items() if key not in OURS}
    seed = told.get("seed", 42)
    return Recipe(trainer, entry.name if entry else base, stage, own, int(seed))
