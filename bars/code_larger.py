"""HumanEval with the 1.5b: as `code`, and run apart from it because it takes longer."""

from __future__ import annotations

import asyncio

from bars._trial import keep
from bars.code import figures


def main() -> None:
    what = "HumanEval: the larger model alone and the pipeline with it"
    keep("code_larger", what, asyncio.run(figures("1.5b")))


if __name__ == "__main__":
    main()
