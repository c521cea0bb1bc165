"""Settings: one typed `arriero.toml`, read once. Unknown keys are errors; every default works offline."""

from __future__ import annotations

import itertools
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from arriero.core.errors import SettingsError
from arriero.core.words import RoleBinding

JsonScalar = str | int | float | bool


class Section(BaseModel):
    """A table of the file: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


S = TypeVar("S", bound=Section)


class RoleSettings(Section):
    """Which model plays a role: `model` is `llama:NAME`, `openai:DEPLOYMENT`, `head:NAME` or `fake:NAME`."""

    model: str
    adapter: str | None = None
    temperature: float = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=300, ge=1, le=32_768)
    stop: tuple[str, ...] = ()
    drafting: bool = Field(
        default=True,
        description="embedded models look the answer up in the prompt: for answers that quote it",
    )

    @field_validator("model")
    @classmethod
    def _has_engine(cls, value: str) -> str:
        engine, _, name = value.partition(":")
        if not name or engine not in {"llama", "openai", "head", "fake"}:
            raise ValueError(
                f"{value!r} names no engine; write llama:NAME, openai:DEPLOYMENT, head:NAME or fake:NAME"
            )
        return value

    def binding(self) -> RoleBinding:
        return RoleBinding(
            self.model, self.adapter, self.temperature, self.max_tokens, self.stop, self.drafting
        )


class Roles(Section):
    """An app's roles. A table in the file changes the named parts of a role and keeps the others."""

    @model_validator(mode="before")
    @classmethod
    def _over_the_defaults(cls, table: Any) -> Any:
        if not isinstance(table, Mapping):
            return table
        merged = dict(table)
        for role, info in cls.model_fields.items():
            if isinstance(info.default, RoleSettings) and isinstance(table.get(role), Mapping):
                merged[role] = {**info.default.model_dump(), **table[role]}
        return merged


class Thresholds(Section):
    """Alerts over a window; the numbers are the case studies' monitoring thresholds (DESIGN §9)."""

    error_rate: float = Field(default=0.05, ge=0, le=1)
    response_time_ms: float = Field(default=3_000, gt=0)
    quality: float = Field(default=0.8, ge=0, le=1)
    window_s: float = Field(default=300, gt=0)
    minimum_runs: int = Field(default=20, ge=1)


class Scaling(Section):
    """What a deployment may grow to; read by the Helm chart (case study: 3..20, 2,000 ms)."""

    min_instances: int = Field(default=3, ge=1)
    max_instances: int = Field(default=20, ge=1)
    target_response_time_ms: float = Field(default=2_000, gt=0)


class AppSettings(Section):
    """What every app's section has; an app extends it with its own keys."""

    enabled: bool = True
    deadline_ms: float = Field(default=10_000, gt=0)
    rounds: int = Field(default=1, ge=0, le=20)
    thresholds: Thresholds = Thresholds()
    scaling: Scaling = Scaling()


class Deployment(Section):
    """A model server that speaks the OpenAI HTTP API: `url` ends in /v1."""

    url: str
    model: str
    api_key_file: Path | None = None
    max_waiting: int = Field(default=64, ge=0)
    price_in: float = Field(default=0.0, ge=0, description="per million prompt tokens")
    price_out: float = Field(default=0.0, ge=0, description="per million completion tokens")


class Webhook(Section):
    """Who is told of alerts: signed messages go to `url`, with the secret in the file."""

    url: str
    secret_file: Path
    events: tuple[Literal["alert.raised", "alert.cleared"], ...] = Field(
        default=("alert.raised", "alert.cleared"), min_length=1
    )

    @field_validator("url")
    @classmethod
    def _is_private_on_its_way(cls, value: str) -> str:
        return _private(value)


def _private(url: str) -> str:
    """`url`, when nobody can listen in on the way to it."""
    try:
        place = urlsplit(url)
        host, _ = place.hostname, place.port
    except ValueError:
        raise ValueError("this is no URL; write https://HOST/PATH") from None
    if not host or place.scheme not in {"http", "https"} or place.username is not None:
        raise ValueError("write https://HOST/PATH, without a name or password in it")
    if place.scheme == "http" and host not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError("http is for this machine only; use https")
    return url


class WebhookChannel(Section):
    """Messages in and answers out as signed webhooks: without `url` and `secret_file` it is closed."""

    url: str = Field(default="", description="where answers and colleagues' messages are sent")
    secret_file: Path | None = Field(default=None, description="signs both ways")

    @field_validator("url")
    @classmethod
    def _is_private_on_its_way(cls, value: str) -> str:
        return _private(value) if value else value

    @model_validator(mode="after")
    def _is_whole(self) -> WebhookChannel:
        if bool(self.url) != (self.secret_file is not None):
            raise ValueError("url and secret_file are needed together")
        return self


class WebChat(Section):
    """The chat on the company's own pages: `origins` are the sites that may open it, none closes it."""

    origins: tuple[str, ...] = ()
    token_minutes: float = Field(
        default=15, gt=0, le=1_440, description="how long a browser's token is good"
    )
    most_messages: int = Field(
        default=10, ge=1, description="of one conversation in ten seconds; more are asked to wait"
    )

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            place = urlsplit(one)
            if place.scheme not in {"http", "https"} or f"{place.scheme}://{place.netloc}" != one:
                raise ValueError(f"{one!r} is no origin; write https://HOST without a path")
        return tuple(one.lower() for one in value)


class ServerSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8700, ge=0, le=65_535)
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    max_body_bytes: int = Field(default=262_144, ge=1_024)
    max_in_flight: int = Field(default=64, ge=1, description="POSTs under way before a 503")

    @field_validator("host")
    @classmethod
    def _loopback(cls, value: str) -> str:
        if value not in {"127.0.0.1", "localhost", "::1"}:
            raise ValueError(
                f"binding to {value!r} is refused until identity and limits exist; use 127.0.0.1"
            )
        return value


class StoreSettings(Section):
    """`ledger` and `cache` are URLs; empty means embedded: a SQLite file in the data folder, in process."""

    ledger: str = ""
    cache: str = "memory://"
    synchronous: str = Field(default="NORMAL", pattern="^(NORMAL|FULL)$")


class ModelsSettings(Section):
    """`folder` keeps pulled models (shared by all data folders of this user)."""

    folder: Path = Path("~/.cache/arriero/models")
    encoder: str = Field(default="onnx:minilm-l6", pattern="^(onnx|openai|fake):.+$")
    threads: int = Field(
        default=0,
        ge=0,
        description="0: all cores read, as many write as was measured to be fastest at the pull",
    )
    context: int = Field(default=4_096, ge=512)
    parallel: int = Field(
        default=4,
        ge=1,
        le=64,
        description="answers that an embedded model writes at once, unless its role is drafting; each costs the 0.5b 55 MB",
    )
    max_waiting: int = Field(default=8, ge=0, description="requests queued before a 429")
    repack: bool = True


class DatasetSettings(Section):
    """What may be learned from. Sources: MinHash threshold of Lee et al. (ACL 2022), the cosine and the
    replay share of `docs/learning.md`; caps so that 10,000 thumbs of one person do not matter.
    """

    per_person: int = Field(default=10, ge=1, description="runs on which one person is heard")
    burst: int = Field(
        default=30, ge=1, description="more from one person in a window is set aside"
    )
    burst_window_s: float = Field(default=3_600, gt=0)
    negative_signals: int = Field(
        default=1,
        ge=1,
        le=5,
        description="signs that an answer was bad before it is learned as bad",
    )
    minhash: float = Field(
        default=0.8, gt=0, le=1, description="estimated Jaccard likeness of near-duplicates; 1: off"
    )
    cosine: float = Field(
        default=0.95, gt=0, le=1, description="likeness by the encoder of near-duplicates; 1: off"
    )
    benchmarks: tuple[Path, ...] = Field(
        default=(), description="files and folders whose texts must not be learned"
    )
    replay: float = Field(
        default=0.15, ge=0, le=0.5, description="share of accepted older examples"
    )
    rehearsal: float = Field(
        default=0.0,
        ge=0,
        le=5,
        description="examples of reading invented records, for each full target; for models that forget",
    )
    eval_share: float = Field(
        default=0.1, ge=0, le=0.5, description="kept from training, the newest"
    )
    pairs_in_kto: bool = Field(
        default=True, description="an edited answer is also a good and a bad example of KTO"
    )
    min_labels: int = Field(default=10, ge=1, description="corrected labels that refit a head")
    most: int = Field(
        default=20_000, ge=1, description="the newest examples of a route that are kept"
    )


class RecipeSettings(Section):
    """How a cycle trains. `base` None: the model that the role has; `parameters` are the trainer's own keys."""

    base: str | None = None
    seed: int = 42
    parameters: dict[str, JsonScalar] = Field(default_factory=dict)


class GateSettings(Section):
    """What champion and challenger answer before anybody sees the challenger."""

    golden: bool = Field(default=True, description="the app's golden set")
    replayed: int = Field(default=100, ge=0, description="recent runs told again by both")
    tie: float = Field(default=0.02, ge=0, le=1, description="answers closer than this are a tie")
    people: bool = Field(
        default=False, description="wait at the gate until people have judged (`arriero judge`)"
    )
    safety: tuple[str, ...] = Field(
        default=(), description="checks that a challenger may not fail where the champion passes"
    )


class ExamSettings(Section):
    """When the champion answers its app's golden set, and from where on that is an alert."""

    every_h: float | None = Field(default=24.0, gt=0, description="None: never")
    fall: float = Field(
        default=0.1, gt=0, le=1, description="points below its best on the same questions"
    )
    least: float | None = Field(default=None, ge=0, le=1, description="a value that it must reach")


def _trainer_folder() -> Path:
    return Path(os.environ.get("ARRIERO_TRAINER") or "~/.cache/arriero/trainer")


class TrainerSettings(Section):
    """The LoRA trainer's environment (5.9 GB, shared by all data folders of this user) and its limits.

    `folder` defaults to the environment variable ARRIERO_TRAINER. One thread and `niceness` 19 keep
    a server on the same cores answering. `devices`, `launcher`, `ray_workers` are for GPUs.
    """

    folder: Path = Field(default_factory=_trainer_folder)
    threads: int = Field(default=1, ge=1, le=256)
    niceness: int = Field(default=19, ge=0, le=19)
    time_limit_s: float = Field(default=4 * 3600, gt=0)
    memory_limit_mb: int = Field(default=16_000, ge=256)
    devices: str = Field(
        default="cpu",
        pattern=r"^(cpu|all|\d+(,\d+)*)$",
        description="cpu, all GPUs, or their numbers",
    )
    launcher: Literal["single", "torchrun", "ray"] = "single"
    ray_workers: int = Field(default=1, ge=1)


class DriftSettings(Section):
    """When a change of what is asked, or of how it is answered, begins a cycle.

    The champion's first `reference` runs since the last cycle are compared with the newest ones, in
    batches; a change has to be in each of the last three (`learning/drift.py` has the limits).
    """

    enabled: bool = True
    reference: int = Field(default=500, ge=50, description="runs that say what was usual")
    batch: int = Field(default=200, ge=50, description="runs of a batch; below 50 nothing is said")
    every_h: float = Field(default=1.0, gt=0, description="a look: some seconds of a core")
    ignored: tuple[str, ...] = Field(
        default=("duration_ms",), description="what no training mends; alerts watch it"
    )


class RolloutStep(Section):
    """A challenger's share of units: for how long at least, and how many of its units at least."""

    share: float = Field(gt=0, le=1)
    hold_h: float = Field(default=1.0, ge=0)
    min_units: int = Field(default=30, ge=0)


class RolloutSettings(Section):
    """How a challenger is exposed. 90/10 for 24 h is the case study's; the last hour is seen by all.

    In careful steps: `steps = [{share = 0.01}, {share = 0.05}, {share = 0.1}, {share = 0.25},
    {share = 0.5}, {share = 1.0}]`.
    """

    steps: tuple[RolloutStep, ...] = Field(
        default=(
            RolloutStep(share=0.1, hold_h=24, min_units=30),
            RolloutStep(share=1.0, hold_h=1, min_units=10),
        ),
        min_length=1,
    )
    deadline_h: float = Field(default=336, gt=0, description="then the champion stays: two weeks")
    shadow_share: float = Field(
        default=0.25, ge=0, le=1, description="of answered cases, told again with the other variant"
    )
    max_pairs: int = Field(default=1_000, ge=1, description="pairs after which nothing is proved")
    tie: float = Field(default=0.02, ge=0, le=1, description="scores this close are a tie")
    errors: float | None = Field(
        default=0.05, ge=0, le=1, description="points more of errors; the case study's error rate"
    )
    slow: float | None = Field(
        default=0.1, ge=0, le=1, description="points more of runs slower than the champion's p95"
    )
    unsafe: float | None = Field(
        default=0.0, ge=0, le=1, description="points more of answers that fail a safety check"
    )
    cost: float | None = Field(default=0.25, ge=0, description="more cost of a run, relative")
    safety: tuple[str, ...] | None = Field(
        default=None, description="checks that count as safety; None: the app's blocking ones"
    )
    every_s: float = Field(default=5.0, gt=0, description="a look")

    @model_validator(mode="after")
    def _climbs(self) -> RolloutSettings:
        shares = [step.share for step in self.steps]
        if any(later <= before for before, later in itertools.pairwise(shares)):
            raise ValueError(f"the shares of the steps must grow, and do not: {shares}")
        if shares[0] >= 1:  # no guardrail could be shown to hold: it would end undecided after all
            raise ValueError("the first one must leave some units to the champion")
        held = sum(step.hold_h for step in self.steps)
        if self.deadline_h <= held:  # it would end undecided, however good the challenger is
            raise ValueError(
                f"deadline_h ({self.deadline_h:g}) must be longer than all steps hold ({held:g} h)"
            )
        return self


class LearningSettings(Section):
    """How ratings become a better variant. The numbers are the case study's (DESIGN §9)."""

    enabled: bool = True
    low_rating: int = Field(default=3, ge=1, le=5, description="a rating below this is a low one")
    min_examples: int = Field(
        default=100, ge=1, description="so many are enough to begin, and to train a stage"
    )
    target_effect: float = Field(
        default=0.05, ge=0, le=1, description="what one hopes for; never the test"
    )
    every_h: float | None = Field(default=None, gt=0, description="a cycle every so many hours")
    role: str | None = Field(
        default=None,
        description="whose model is trained, in apps that have this role; None: the app's",
    )
    dataset: DatasetSettings = DatasetSettings()
    drift: DriftSettings = DriftSettings()
    rollout: RolloutSettings = RolloutSettings()
    gate: GateSettings = GateSettings()
    exam: ExamSettings = ExamSettings()
    recipe: RecipeSettings = RecipeSettings()
    trainer: TrainerSettings = Field(default_factory=TrainerSettings)


class Settings(Section):
    """Everything Arriero is told. `apps` holds each app's own section, checked by the app itself."""

    data: Path = Path(".arriero")
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    models: ModelsSettings = ModelsSettings()
    deployments: dict[str, Deployment] = Field(default_factory=dict)
    webhooks: dict[str, Webhook] = Field(default_factory=dict)
    learning: LearningSettings = Field(default_factory=LearningSettings)
    apps: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @classmethod
    def load(cls, file: Path | None = None, **override: object) -> Settings:
        """Read `file` (default: ./arriero.toml if it is there), then apply top-level overrides."""
        path = file or Path("arriero.toml")
        if file is None and not path.exists():
            return parse(cls, dict(override), "the command line")
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise SettingsError(
                f"no settings file at {str(path)!r}; create it or drop --config"
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise SettingsError(f"{path} cannot be read: {error}") from None
        return parse(cls, table | override, str(path))


def parse(kind: type[S], table: Mapping[str, object], where: str) -> S:
    """`table` as a `kind`, or a `SettingsError` naming each wrong key in one sentence."""
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        raise SettingsError(_explain(error, where)) from None


def _explain(error: ValidationError, where: str) -> str:
    problems = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            problems.append(
                f"unknown setting {key!r} (remove it, or see `arriero config` for the names)"
            )
        else:
            problems.append(
                f"{key!r}: {item['msg'].removeprefix('Value error, ')}, not {_shown(item['input'])}"
            )
    return f"in {where}: " + "; ".join(problems)


def _shown(value: object) -> str:
    """A wrong value as a message repeats it: logs keep messages, so a URL loses its password."""
    return re.sub(r"(://)[^/@\s]+@", r"\1***@", repr(value))
