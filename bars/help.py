"""`arriero --help` answers at once, because importing arriero loads no model library."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from time import perf_counter

from arriero.cli import COMMANDS
from bars._server import PROGRAM, ROOT
from bars._trial import count, keep
from bars.result import Figure

HEAVY = (
    "faiss gguf llama_cpp numpy onnxruntime pandas safetensors scipy sklearn tokenizers torch"
    " transformers xllamacpp"
).split()
IMPORTS = (
    "import json, sys, arriero, arriero.cli; "
    "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
)


def main() -> None:
    helps, bare = [], []
    for _ in range(count(15, 5)):  # in turn, so that other work on the machine slows both alike
        helps.append(_seconds([str(PROGRAM), "--help"]))
        bare.append(_seconds([sys.executable, "-c", "pass"]))
    said = _output([str(PROGRAM), "--help"])
    missing = [name for name in COMMANDS if f"\n  {name} " not in said]
    loaded = set(json.loads(_output([sys.executable, "-c", IMPORTS]))) & set(HEAVY)
    print(f"   missing commands: {missing}; loaded: {sorted(loaded)}")
    figures = [
        Figure("help_s", round(median(helps), 3), "s", "<= 0.4", len(helps), note="median"),
        Figure("bare_python_s", round(median(bare), 3), "s", n=len(bare), note="python -c pass"),
        Figure("commands_not_shown", len(missing), "commands", "== 0", len(COMMANDS)),
        Figure("model_libraries", len(loaded), "libraries", "== 0", len(HEAVY)),
    ]
    keep("help", "arriero --help, and what importing arriero loads", figures)


def _seconds(command: list[str]) -> float:
    began = perf_counter()
    _output(command)
    return perf_counter() - began


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


if __name__ == "__main__":
    main()
