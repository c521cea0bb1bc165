"""Support's own checks, beside the shared ones."""

from __future__ import annotations

from arriero.checks.base import Exhibit, check
from arriero.checks.grounding import speaks_of_what_was_asked


@check("relevant", blocking=False, pass_at=0.3)
def is_about_the_intent(exhibit: Exhibit) -> tuple[float, str]:
    """Takes up the question's words, or cites what is filed under the question's intent.

    Words alone would punish a customer for not writing like the articles. The exhibit's `subject` is
    the probability of the intent when a cited article is labelled with it, else 0.
    """
    words, reason = speaks_of_what_was_asked.measure(exhibit)
    filed = exhibit.subject if isinstance(exhibit.subject, float) else 0.0
    return max(words, filed), reason
