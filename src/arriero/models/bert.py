"""BERT's graph (Devlin et al., NAACL 2019) in torch, from published weights; to tune it, not to serve it.

Only the extra `train` has torch. Served is what `write_onnx` makes of it: dynamic int8, the same kind of
file as the packaged encoder.
"""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from arriero.core.errors import MissingExtra, ModelCorrupt

try:
    import onnx  # noqa: F401  # the quantisation needs it
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from torch import Tensor, nn
    from torch.nn import functional
except ImportError as error:
    raise MissingExtra(error.name or "torch", "train") from error

OPSET = 17


@dataclass(frozen=True, slots=True)
class Sizes:
    """The numbers of a published config.json that the graph needs."""

    words: int
    places: int
    kinds: int
    width: int
    heads: int
    layers: int
    inner: int
    epsilon: float

    @classmethod
    def read(cls, file: Path) -> Sizes:
        """From config.json. Raises `ModelCorrupt` for another graph than BERT's."""
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            found = cls(
                words=told["vocab_size"],
                places=told["max_position_embeddings"],
                kinds=told["type_vocab_size"],
                width=told["hidden_size"],
                heads=told["num_attention_heads"],
                layers=told["num_hidden_layers"],
                inner=told["intermediate_size"],
                epsilon=told["layer_norm_eps"],
            )
            numbers = (found.words, found.places, found.kinds, found.width, found.heads)
            if not all(isinstance(one, int) and one > 0 for one in numbers):
                raise TypeError("a size is no number above 0")  # noqa: TRY301  # as any other of these
            fits = (told["model_type"], told["hidden_act"]) == ("bert", "gelu")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelCorrupt(f"{str(file)!r} does not describe a model ({error!r})") from error
        if not fits:
            raise ModelCorrupt(f"{str(file)!r} describes no BERT with gelu; only those are tuned")
        return found


class _Layer(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.heads = sizes.heads
        self.asked = nn.Linear(width, 3 * width)  # query, key and value in one
        self.told = nn.Linear(width, width)
        self.told_norm = nn.LayerNorm(width, eps=sizes.epsilon)
        self.inner = nn.Linear(width, sizes.inner)
        self.outer = nn.Linear(sizes.inner, width)
        self.outer_norm = nn.LayerNorm(width, eps=sizes.epsilon)

    def forward(
        self, tokens: Tensor, attended: Callable[[Tensor, int], Tensor], dropout: float
    ) -> Tensor:
        told = self.told(attended(self.asked(tokens), self.heads))
        tokens = self.told_norm(tokens + functional.dropout(told, dropout, self.training))
        inner = self.outer(functional.gelu(self.inner(tokens)))
        tokens = self.outer_norm(tokens + functional.dropout(inner, dropout, self.training))
        return tokens  # noqa: RET504  # torch types a module's call as Any


class Bert(nn.Module):
    """The encoder's last hidden state; `pooled` gives its mean over a text's tokens.

    Tokens of all texts of a batch go through the wide layers without padding; only attention, the
    smaller part of the work on short messages, is padded.
    """

    def __init__(self, sizes: Sizes, dropout: float = 0.1) -> None:
        super().__init__()
        self.sizes = sizes
        self.dropout = dropout
        self.words = nn.Embedding(sizes.words, sizes.width)
        self.places = nn.Embedding(sizes.places, sizes.width)
        self.kinds = nn.Embedding(sizes.kinds, sizes.width)
        self.norm = nn.LayerNorm(sizes.width, eps=sizes.epsilon)
        self.layers = nn.ModuleList([_Layer(sizes) for _ in range(sizes.layers)])

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The last hidden state, padded: what is exported."""
        bias = (1.0 - attention_mask[:, None, None, :].to(torch.float32)) * -1e4
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        tokens = self._embedded(input_ids, places[None])

        def attended(asked: Tensor, heads: int) -> Tensor:
            return _attention(asked, heads, bias, 0.0)

        for layer in self.layers:
            tokens = layer(tokens, attended, 0.0)
        return tokens

    def pooled(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """The mean of the last hidden state of each text's tokens."""
        lengths = torch.tensor([len(text) for text in texts])
        most = int(lengths.max())
        ids = torch.tensor([token for text in texts for token in text])
        mask = torch.arange(most)[None] < lengths[:, None]
        where = mask.flatten().nonzero()[:, 0]
        places = torch.arange(most).expand(len(texts), most).flatten()[where]
        bias = torch.zeros(len(texts), 1, 1, most).masked_fill(~mask[:, None, None], -1e4)
        dropout = self.dropout if self.training else 0.0

        def attended(asked: Tensor, heads: int) -> Tensor:
            padded = asked.new_zeros(len(texts) * most, asked.shape[-1])
            padded = padded.index_copy(0, where, asked).view(len(texts), most, -1)
            return _attention(padded, heads, bias, dropout).flatten(0, 1)[where]

        tokens = functional.dropout(self._embedded(ids, places), dropout, self.training)
        for layer in self.layers:
            tokens = layer(tokens, attended, dropout)
        owners = torch.arange(len(texts)).repeat_interleave(lengths)
        sums = tokens.new_zeros(len(texts), tokens.shape[-1]).index_add(0, owners, tokens)
        return sums / lengths[:, None]

    def _embedded(self, ids: Tensor, places: Tensor) -> Tensor:
        return self.norm(self.words(ids) + self.places(places) + self.kinds.weight[0])


def _attention(asked: Tensor, heads: int, bias: Tensor, dropout: float) -> Tensor:
    texts, most, three = asked.shape
    parts = asked.view(texts, most, 3, heads, three // 3 // heads).permute(2, 0, 3, 1, 4)
    query, key, value = parts[0], parts[1], parts[2]
    weights = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + bias
    weights = functional.dropout(weights.softmax(-1), dropout, dropout > 0)
    return (weights @ value).transpose(1, 2).reshape(texts, most, three // 3)


def open_bert(folder: Path) -> Bert:
    """The model of config.json and model.safetensors in `folder`. Raises `ModelCorrupt`."""
    sizes = Sizes.read(folder / "config.json")
    bert = Bert(sizes)
    try:
        bert.load_state_dict(_named(load_file(folder / "model.safetensors"), sizes.layers))
    except (OSError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelCorrupt(f"the weights in {str(folder)!r} do not fit ({error})") from error
    return bert


def _named(found: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    """The published names of the weights as ours."""
    named = {
        "words.weight": found["embeddings.word_embeddings.weight"],
        "places.weight": found["embeddings.position_embeddings.weight"],
        "kinds.weight": found["embeddings.token_type_embeddings.weight"],
    }
    for kind in ("weight", "bias"):
        named[f"norm.{kind}"] = found[f"embeddings.LayerNorm.{kind}"]
        for at in range(layers):
            theirs, ours = f"encoder.layer.{at}.", f"layers.{at}."
            asked = [found[f"{theirs}attention.self.{n}.{kind}"] for n in ("query", "key", "value")]
            named[f"{ours}asked.{kind}"] = torch.cat(asked)
            named[f"{ours}told.{kind}"] = found[f"{theirs}attention.output.dense.{kind}"]
            named[f"{ours}told_norm.{kind}"] = found[f"{theirs}attention.output.LayerNorm.{kind}"]
            named[f"{ours}inner.{kind}"] = found[f"{theirs}intermediate.dense.{kind}"]
            named[f"{ours}outer.{kind}"] = found[f"{theirs}output.dense.{kind}"]
            named[f"{ours}outer_norm.{kind}"] = found[f"{theirs}output.LayerNorm.{kind}"]
    return named


def write_onnx(bert: Bert, file: Path) -> None:
    """`bert` as dynamic int8 ONNX: input_ids and attention_mask in, the last hidden state out."""
    bert.eval()
    given = torch.ones(2, 5, dtype=torch.int64)
    names = ["input_ids", "attention_mask"]
    axes = {name: {0: "texts", 1: "tokens"} for name in (*names, "hidden")}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's, about its own successor
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            bert, (given, given), str(whole), input_names=names, output_names=["hidden"],
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        logging.disable(logging.WARNING)  # advice on preparing the graph, which gains nothing here
        try:
            quantize_dynamic(whole, file, per_channel=True, weight_type=QuantType.QInt8)
        finally:
            logging.disable(logging.NOTSET)
