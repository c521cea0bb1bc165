"""A fake of LLaMA-Factory's command line for what the real one cannot be made to do on demand.

It reads the real `train.yaml`, writes the real `trainer_log.jsonl`, checkpoints and adapter files, and
misbehaves as the key `fake` in the recipe tells. It trains nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from arriero.learning.trainers.environment import STAMP, Environment, pins_hash
from arriero.models.files import write_json

SCRIPT = """#!{python}
import json, os, pathlib, subprocess, sys, time
import numpy as np
from safetensors.numpy import save_file

plan = dict(line.split(": ", 1) for line in pathlib.Path(sys.argv[2]).read_text().splitlines())
plan = {{key: json.loads(value) for key, value in plan.items()}}
out, how = pathlib.Path(plan["output_dir"]), plan.get("fake", "")
out.mkdir(parents=True, exist_ok=True)
steps, begun = 4, 0
if "resume_from_checkpoint" in plan:
    begun = int(plan["resume_from_checkpoint"].rpartition("-")[2])

def adapter(folder, value):
    folder.mkdir(exist_ok=True)
    save_file({{"a": np.full((2, 2), value, np.float32)}}, folder / "adapter_model.safetensors")

with (out / "starts.txt").open("a") as starts:
    starts.write(f"{{os.getpid()}} {{begun}}\\n")
for step in range(begun + 1, steps + 1):
    line = {{"current_steps": step, "total_steps": steps, "loss": 1.0 / step,
            "elapsed_time": "0:00:01", "remaining_time": "1 day, 0:00:02"}}
    if how == "nan" and step == 3:
        line["loss"] = float("nan")
    with (out / "trainer_log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\\n")
    folder = out / f"checkpoint-{{step}}"
    adapter(folder, step)
    if how == "half" and step == 3:
        os._exit(1)  # a checkpoint that was not written to its end
    (folder / "trainer_state.json").write_text("{{}}")
    if step == 2:
        if how == "memory-error":
            raise MemoryError("cannot allocate 8 GiB")
        if how == "killed":
            os.kill(os.getpid(), 9)
        if how == "disk":
            raise OSError(28, "No space left on device")
        if how == "crash":
            raise RuntimeError("something else")
        if how == "wrong-base":
            raise RuntimeError("size mismatch for model.embed_tokens.weight")
        if how == "eats":
            eaten = np.ones(80_000_000)  # 640 MB
            time.sleep(60)
        if how == "hangs":
            script = "import os, time; os.setsid(); time.sleep(300)"
            child = subprocess.Popen([sys.executable, "-c", script])
            (out / "pids.txt").write_text(f"{{os.getpid()}} {{child.pid}} {{os.nice(0)}}")
            time.sleep(300)
    time.sleep(0.05)
if how != "nothing":
    adapter(out, float("inf") if how == "infinite" else 1.0)
"""


def fake_environment(folder: Path) -> Environment:
    """An environment that counts as whole and has the fake in it."""
    environment = Environment(folder)
    environment.command.parent.mkdir(parents=True)
    environment.command.write_text(SCRIPT.format(python=sys.executable), encoding="utf-8")
    environment.command.chmod(0o755)
    environment.python.symlink_to(sys.executable)
    write_json(folder / STAMP, {"pins": pins_hash()})
    return environment


def own_base(folder: Path) -> Path:
    """A folder that looks like a base model in Hugging Face's format."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    return folder


def sft_dataset(folder: Path, rows: int = 8) -> Path:
    """A small dataset for all three stages, as LLaMA-Factory reads it."""
    folder.mkdir(parents=True)
    tags = {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    }
    asked = [
        [
            {"role": "system", "content": "You help."},
            {"role": "user", "content": f"Where is parcel {number}?"},
        ]
        for number in range(rows)
    ]
    good = [{"role": "assistant", "content": f"Parcel {number} is here."} for number in range(rows)]
    bad = {"role": "assistant", "content": "No idea."}
    files: dict[str, list[dict[str, object]]] = {
        "sft": [{"messages": [*a, g]} for a, g in zip(asked, good, strict=True)],
        "dpo": [
            {"messages": a, "chosen": g, "rejected": bad} for a, g in zip(asked, good, strict=True)
        ],
        "kto": [
            {"messages": [*a, g if number % 2 else bad], "kto_tag": bool(number % 2)}
            for number, (a, g) in enumerate(zip(asked, good, strict=True))
        ],
    }
    columns = {
        "sft": {"messages": "messages"},
        "dpo": {"messages": "messages", "chosen": "chosen", "rejected": "rejected"},
        "kto": {"messages": "messages", "kto_tag": "kto_tag"},
    }
    info: dict[str, dict[str, object]] = {}
    for name, told in files.items():
        text = "".join(json.dumps(row) + "\n" for row in told)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
        info[name] = {
            "file_name": f"{name}.jsonl",
            "formatting": "sharegpt",
            "columns": columns[name],
            "tags": tags,
        }
    info["dpo"]["ranking"] = True
    (folder / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    return folder
