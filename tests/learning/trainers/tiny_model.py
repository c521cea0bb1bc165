"""Run in the trainer's environment: a random 2-layer model with the tokenizer of a GGUF file.

Arguments: the GGUF file, the folder to write.
"""

import sys
from pathlib import Path

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

gguf, folder = Path(sys.argv[1]), sys.argv[2]
tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
tokenizer.eos_token = "<|im_end|>"
torch.manual_seed(0)
config = LlamaConfig(
    vocab_size=len(tokenizer),
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=2048,
    tie_word_embeddings=True,
    bos_token_id=tokenizer.convert_tokens_to_ids("<|im_start|>"),
    eos_token_id=tokenizer.convert_tokens_to_ids("<|im_end|>"),
)
LlamaForCausalLM(config).save_pretrained(folder)
tokenizer.save_pretrained(folder)
