"""The scan with a second opinion: a hunch from the sentence vector of each passage that is in doubt.

Rules and words first (`injection`); a passage whose words leave it no chance, whatever the hunch says,
is not encoded. A message of up to `PASSAGE` words is one passage and word for word the text that the
intents encode as well, so its vector is there already.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from arriero.core.errors import ModelError
from arriero.models.base import Encoder
from arriero.security.injection import HERE, Channel, Suspicion, packaged, scan, told

if TYPE_CHECKING:
    from arriero.models.hunch import Feeling

HUNCH = HERE / "injection_hunch.safetensors"
TRUST = 0.5  # of the hunch's log-odds beside those of the words; by grouped cross-validation on the rows
FLAG_AT = 0.85  # of every hundred harmless rows kept from fitting about one is flagged (bars/LOG.md, 28 November)
_FLAG_ODDS = log(FLAG_AT / (1 - FLAG_AT))
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reader:
    """Scans with the packaged rules and, where the encoder is the one it was fitted on, the hunch."""

    feeling: Feeling | None = None

    @classmethod
    def of(cls, encoder: Encoder | None) -> Reader:
        """With the packaged hunch on `encoder`; by rules alone with any other encoder, or none."""
        from arriero.models.hunch import Feeling  # noqa: PLC0415  # needs the extra `local`

        return cls(Feeling.of(HUNCH, encoder))

    async def scan(self, text: str, channel: Channel = "message") -> Suspicion:
        """How likely `text` gives orders to the system; by words alone when the encoder fails."""
        if self.feeling is None:
            return scan(text, channel)
        most = TRUST * self.feeling.most
        doubtful = [
            one for one in packaged().passages(text, channel) if one.odds + most >= _FLAG_ODDS
        ]
        if not doubtful:
            return scan(text, channel)
        try:
            hunches = await self.feeling.odds([one.text for one in doubtful])
        except ModelError as error:
            logger.warning("a text is scanned by its words alone: %s", error.message)
            return scan(text, channel)
        odds = [one.odds + TRUST * hunch for one, hunch in zip(doubtful, hunches, strict=True)]
        worst = max(range(len(doubtful)), key=odds.__getitem__)
        return told(doubtful[worst], odds[worst], FLAG_AT)
