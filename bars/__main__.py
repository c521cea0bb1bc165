"""python -m bars [NAME ...]: run every bar (or those named), then bring bars/README.md up to date.

python -m bars --report only writes the table. Exit status 1 when a bar was missed or broke.
"""

from __future__ import annotations

import pkgutil
import subprocess
import sys
import time

from bars import report
from bars.result import HERE, RESULTS, load, said

FRAMEWORK = frozenset({"__main__", "report", "result"})


def names() -> tuple[str, ...]:
    """The bars: every module here that is not part of the frame (or private)."""
    modules = (module.name for module in pkgutil.iter_modules([str(HERE)]))
    return tuple(sorted(n for n in modules if n not in FRAMEWORK and not n.startswith("_")))


def run(name: str) -> bool:
    """Run one bar in its own process; whether it ended well and met what it promised."""
    print(f"== {name}", flush=True)
    started = time.time()
    done = subprocess.run([sys.executable, "-m", f"bars.{name}"], cwd=HERE.parent, check=False)
    path = RESULTS / f"{name}.json"
    if done.returncode != 0 or not path.exists() or path.stat().st_mtime < started:
        print(f"{name} broke (exit status {done.returncode}) or wrote no result")
        return False
    return load(path).holds


def main(argv: list[str]) -> int:
    known = names()
    unknown = [name for name in argv if name not in known and name != "--report"]
    if unknown:
        print(f"no bar is called {unknown[0]!r}; there are: {', '.join(known) or 'none yet'}")
        return 2
    chosen = () if argv == ["--report"] else tuple(argv) or known
    missed = [name for name in chosen if not run(name)]
    report.write()
    for name in missed:
        path = RESULTS / f"{name}.json"
        figures = load(path).figures if path.exists() else ()
        shortfalls = [said(figure) for figure in figures if figure.holds is False]
        print(f"MISSED {name}: {'; '.join(shortfalls) or 'it broke'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
