"""A GGUF file becomes a folder in Hugging Face's format: weights in float32, exactly what the file says.

Question: {"gguf": FILE, "folder": TARGET}. Answer: {"architecture", "vocabulary", "template"} (the
chat template's text, null without one).
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

question = json.loads(sys.argv[1])
gguf, folder = Path(question["gguf"]), Path(question["folder"])
tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
ends = model.config.eos_token_id
if isinstance(ends, int):  # transformers 5.6.0 takes the first special token for it
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(ends)
model.save_pretrained(folder)
tokenizer.save_pretrained(folder)
told = {
    "architecture": model.config.architectures[0],
    "vocabulary": model.config.vocab_size,
    "template": tokenizer.chat_template,
}
print(json.dumps(told))
