"""`[apps.support]`: everything the support app is told. The defaults serve the sample shop, offline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from arriero.apps.support.handover import HandOverSettings
from arriero.apps.support.hours import HoursSettings
from arriero.core.settings import (
    AppSettings,
    Roles,
    RoleSettings,
    Thresholds,
    WebChat,
    WebhookChannel,
)

SAMPLE = Path(__file__).parent / "sample"

SYSTEM = (
    "You are the customer service of an outdoor shop. Answer the customer's question with what the "
    "text says about it. Do not invent anything."
)


class SupportModels(Roles):
    """The case study's three roles; 300 tokens and temperature 0.3 are its numbers (DESIGN §9)."""

    intent_classifier: RoleSettings = RoleSettings(model="head:support-intents")
    response_generator: RoleSettings = RoleSettings(
        model="llama:smollm2-135m", temperature=0.3, max_tokens=300
    )
    sentiment_analyzer: RoleSettings = RoleSettings(model="head:support-sentiment")


class SupportSettings(AppSettings):
    """Paths are files and folders of the company; left alone they are those of the sample shop."""

    deadline_ms: float = Field(default=10_000, gt=0)
    rounds: int = Field(
        default=1,
        ge=0,
        le=1,
        description="1: a draft that is not good enough is followed by another",
    )
    thresholds: Thresholds = Thresholds()
    hours: HoursSettings = HoursSettings()
    hand_over: HandOverSettings = HandOverSettings()
    models: SupportModels = SupportModels()
    web_chat: WebChat = WebChat()
    webhook: WebhookChannel = WebhookChannel()
    system_prompt: str = SYSTEM

    intents: Path = SAMPLE / "intents.csv"
    sentiment: Path = SAMPLE / "sentiment.csv"
    articles: Path = SAMPLE / "articles"
    questions: Path = Field(
        default=SAMPLE / "questions.jsonl",
        description="questions that the articles are expected to answer, with the words that do",
    )
    unanswered: Path | None = Field(
        default=None,
        description="questions that no article answers, one a line: what is like them needs to fit "
        "better; left alone it is the sample's, beside the sample's articles only",
    )
    templates: Path = SAMPLE / "templates.toml"
    policy: Path = SAMPLE / "policy.toml"
    approved: Path = SAMPLE / "approved.jsonl"
    approved_thresholds: Path = SAMPLE / "cache_thresholds.json"
    directory: str = Field(default="sample:", pattern="^(sample:|sqlite:///.+|https?://.+)$")
    directory_key: str = Field(
        default="", description="the environment variable with the directory's key"
    )
    mode: Literal["off", "suggest", "auto"] = Field(
        default="auto", description="of every intent until `arriero support mode` says otherwise"
    )

    release_at: float = Field(
        default=0.7, ge=0, le=1, description="case study: quality < 0.7 -> fallback"
    )
    write_at: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="an extract for an open question that scores this, and less than release_at, is "
        "worth a draft of the model",
    )
    intent_at: float = Field(
        default=0.4, ge=0, le=1, description="below it the intent is not relied on"
    )
    scope_at: float = Field(
        default=0.9, ge=0, le=1, description="from here on out of scope is refused"
    )
    review_share: float = Field(
        default=0.05, ge=0, le=1, description="of the answers, drawn for two people to judge"
    )
    intent_cache_s: float = Field(
        default=3_600, gt=0, description="case study: intent cache TTL 3,600 s"
    )
    passages: int = Field(default=5, ge=1, le=20)
    reading_words: int = Field(
        default=234,
        ge=50,
        description="passages in the prompt of an open question: 400 tokens and more",
    )
    wording: Literal["quoted", "free"] = Field(
        default="quoted", description="may the model use its own words, or only whole sentences?"
    )
    recent_orders: int = Field(default=5, ge=1, le=50)
    order_number: str = Field(
        default=r"(?<!\d)\d{5}(?!\d)", description="how an order number looks"
    )
    open_intents: tuple[str, ...] = ("product_advice", "product_care", "size_advice")
    order_intents: tuple[str, ...] = Field(
        default=(),
        description="the model words the answer from the order's record, where no template has one",
    )
    sample_customer: str = "c-0042"

    @field_validator("order_number")
    @classmethod
    def _finds_numbers(cls, value: str) -> str:
        try:
            empty = re.search(value, "") is not None
        except re.error as error:
            raise ValueError(f"this is no regular expression ({error})") from None
        if empty:
            raise ValueError("it fits nothing as well, so that every message would name an order")
        return value
