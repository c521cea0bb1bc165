"""What the trained weights think of what was served: templates as trained on, log-probabilities.

Question: {"base": FOLDER, "adapter": FOLDER or null, "tokenizer": FOLDER, "template": NAME or null,
"conversations": [[{"role", "content"}]], "served": {"base": SEQUENCES, "adapter": SEQUENCES}} in a file,
whose path is the argument; SEQUENCES = [{"prompt": [ids], "reply": [ids]}]. Answer: {"prompts": [[ids]],
"base": [[[logprob, first]]], "adapter": the same}; `first`: the token is the likeliest one.
"""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from llamafactory.data.template import get_template_and_fix_tokenizer
from llamafactory.hparams import DataArguments
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

question = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))


def prompt_of(template: Any, tokenizer: Any, conversation: list[dict[str, str]]) -> list[int]:
    """The token ids that LLaMA-Factory trains on before the answer to `conversation`."""
    system = "".join(one["content"] for one in conversation if one["role"] == "system")
    rest = [one for one in conversation if one["role"] != "system"]
    answer = {"role": "assistant", "content": "x"}
    return list(template.encode_oneturn(tokenizer, [*rest, answer], system or None)[0])


def chances(model: Any, sequence: dict[str, list[int]]) -> list[list[float | bool]]:
    """Of each token of the reply: its log-probability, and whether it is the likeliest."""
    prompt, reply = sequence["prompt"], sequence["reply"]
    if not reply:
        return []
    ids = torch.tensor([[*prompt, *reply]])
    with torch.inference_mode():
        logits = model(ids).logits[0, len(prompt) - 1 : -1].float()
    chance = torch.log_softmax(logits, -1)
    told = zip(chance, reply, strict=True)
    return [[float(row[token]), bool(row.argmax() == token)] for row, token in told]


tokenizer = AutoTokenizer.from_pretrained(question["tokenizer"])
template = get_template_and_fix_tokenizer(tokenizer, DataArguments(template=question["template"]))
model = AutoModelForCausalLM.from_pretrained(question["base"], dtype=torch.float32)
if question["adapter"]:
    model = PeftModel.from_pretrained(model, question["adapter"])
model.eval()
answer = {
    "prompts": [prompt_of(template, tokenizer, one) for one in question["conversations"]],
    "adapter": [chances(model, one) for one in question["served"]["adapter"]],
}
with model.disable_adapter() if question["adapter"] else nullcontext():
    answer["base"] = [chances(model, one) for one in question["served"]["base"]]
print(json.dumps(answer))
