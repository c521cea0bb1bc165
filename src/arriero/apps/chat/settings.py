"""`[apps.chat]`: what the chat app is told."""

from __future__ import annotations

from pydantic import Field

from arriero.core.settings import AppSettings, Roles, RoleSettings


class ChatModels(Roles):
    """One role. 300 tokens and temperature 0.3 are the support case study's numbers (DESIGN §9)."""

    chat: RoleSettings = RoleSettings(model="llama:smollm2-135m", temperature=0.3, max_tokens=300)


class ChatSettings(AppSettings):
    """`system_prompt` opens every conversation that brings no system message of its own."""

    # 300 tokens at the 46 a second of one busy core (DESIGN §4) take 6.5 s; prompts come on top.
    deadline_ms: float = Field(default=30_000, gt=0)
    rounds: int = Field(default=0, ge=0, le=0, description="a streamed answer cannot be improved")
    models: ChatModels = ChatModels()
    system_prompt: str = ""
    fallback: str = "I cannot answer right now. Please try again in a moment."
