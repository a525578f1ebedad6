"""What embedding models want in front of a query and in front of a passage.

Sources: the model cards of intfloat/multilingual-e5, BAAI/bge, Qwen/Qwen3-Embedding and nvidia/llama-embed-nemotron-8b.
"""

from __future__ import annotations

from dataclasses import dataclass

_TASK = "Given a clinical question, retrieve passages that answer it"


@dataclass(frozen=True, slots=True)
class Instructions:
    """Text that is put in front of every query and every passage, its blanks included."""

    query: str = ""
    document: str = ""


_INSTRUCT = Instructions(f"Instruct: {_TASK}\nQuery: ")

PRESETS: tuple[tuple[str, Instructions], ...] = (
    ("e5-mistral", _INSTRUCT),
    ("e5-large-instruct", _INSTRUCT),
    ("multilingual-e5", Instructions("query: ", "passage: ")),
    ("intfloat/e5", Instructions("query: ", "passage: ")),
    ("bge-m3", Instructions()),
    ("bge-large-en", Instructions("Represent this sentence for searching relevant passages: ")),
    ("bge-base-en", Instructions("Represent this sentence for searching relevant passages: ")),
    ("bge-small-en", Instructions("Represent this sentence for searching relevant passages: ")),
    ("qwen3-embedding", Instructions(f"Instruct: {_TASK}\nQuery:")),
    ("llama-embed-nemotron", _INSTRUCT),
)
"""Part of a model's lower-case name to its instructions; the first that fits counts."""


def instructions_for(model: str) -> Instructions:
    """The instructions of a model; none for one that is not known to take any."""
    name = model.lower()
    for part, instructions in PRESETS:
        if part in name:
            return instructions
    return Instructions()
