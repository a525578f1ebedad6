"""Builds the embedded embedder from the notes and the glossary: ``python -m tools.train_embedder``.

Deterministic: the same inputs give the same bytes on every machine with the same numpy.

1. English. A word's vector is its own random direction (so that exact words match) plus its latent semantic direction
   from the notes (Deerwester et al., "Indexing by Latent Semantic Analysis", 1990), scaled by inverse document frequency.
2. Other languages. Word translation probabilities t(e | f) come from the glossary's parallel names by IBM Model 1
   (Brown et al., "The Mathematics of Statistical Machine Translation", 1993); a foreign word's vector is the mean of its
   translations' vectors under t.
3. Tokens. Whole words and Chinese names, segmented by a unigram model that prefers few, long tokens.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from clara import resources
from clara.knowledge.corpus.chunking import chunk
from clara.knowledge.corpus.notes import Note, read_notes
from clara.knowledge.glossary import Entry, TermGlossary
from clara.language.text import STOPWORDS, fold, stem, words

DIMENSION = 112
SEMANTIC = 0.7
"""Share of the latent semantic direction against the word's own."""
IBM_ROUNDS = 6
LONGEST_HAN = 6
"""Characters of a Chinese name that is one token; longer ones are segmented into shorter names."""
STOP_WEIGHT = 0.03
"""Weight of a word that carries no meaning of its own."""

Vector = NDArray[np.float32]
Pair = tuple[tuple[str, ...], tuple[str, ...]]


def han(text: str) -> bool:
    """True if the text holds a Chinese character."""
    return any("\u3400" <= char <= "\u9fff" for char in text)


def pieces(name: str) -> tuple[str, ...]:
    """Words of a name; a Chinese stretch is one piece, as the tokenizer will meet it."""
    folded = fold(name)
    if not han(folded):
        return tuple(words(name))
    return tuple(part for part in "".join(c if c.isalnum() else " " for c in folded).split() if part)


def english_vectors(passages: Iterable[str]) -> tuple[dict[str, Vector], dict[str, float]]:
    """Unit vector and inverse document frequency of every English stem in the passages."""
    bags = [Counter(stem(word) for word in words(text)) for text in passages]
    stems = sorted({token for bag in bags for token in bag})
    column = {token: i for i, token in enumerate(stems)}
    frequency = Counter(token for bag in bags for token in bag)
    rarity = {t: float(np.log((1 + len(bags)) / (0.5 + frequency[t]))) for t in stems}
    matrix = np.zeros((len(bags), len(stems)), dtype=np.float64)
    for row, bag in enumerate(bags):
        for token, count in bag.items():
            matrix[row, column[token]] = (1 + np.log(count)) * rarity[token]
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    gram_values, gram_vectors = np.linalg.eigh(matrix @ matrix.T)
    keep = min(DIMENSION, len(bags))
    basis = gram_vectors[:, -keep:] / np.sqrt(np.maximum(gram_values[-keep:], 1e-9))
    basis *= np.sign(basis.sum(axis=0) + 1e-12)
    latent = np.zeros((len(stems), DIMENSION))
    latent[:, :keep] = matrix.T @ basis
    latent /= np.maximum(np.linalg.norm(latent, axis=1, keepdims=True), 1e-9)
    vectors = {token: _unit(SEMANTIC * latent[i] + (1 - SEMANTIC) * own_direction(token)) for token, i in column.items()}
    return vectors, rarity


def own_direction(token: str) -> NDArray[np.float64]:
    """The word's own random unit vector, the same on every machine."""
    values = np.random.default_rng(zlib.crc32(token.encode())).standard_normal(DIMENSION)
    return values / np.linalg.norm(values)


def _unit(values: NDArray[np.float64]) -> Vector:
    norm = float(np.linalg.norm(values))
    return (values / norm if norm else values).astype(np.float32)


def parallel_names(entries: Iterable[Entry], notes: Iterable[Note]) -> list[Pair]:
    """Foreign and English names of the same thing, as words and stems."""
    pairs: list[Pair] = []
    for entry in entries:
        english = tuple(stem(word) for word in words(entry.english))
        pairs += [
            (pieces(name), english) for language, names in sorted(entry.names.items()) if language != "en" for name in names
        ]
    for note in notes:
        english = tuple(stem(word) for word in words(note.head.title))
        pairs += [(pieces(title), english) for _, title in sorted(note.head.titles.items())]
    return [pair for pair in pairs if pair[0] and pair[1]]


def translation_table(pairs: list[Pair]) -> dict[str, dict[str, float]]:
    """IBM Model 1: t(english stem | foreign word)."""
    table: dict[str, dict[str, float]] = defaultdict(dict)
    for foreign, english in pairs:
        for f in foreign:
            for e in english:
                table[f][e] = 1.0
    for _ in range(IBM_ROUNDS):
        counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for foreign, english in pairs:
            for e in english:
                total = sum(table[f][e] for f in foreign)
                for f in foreign:
                    counts[f][e] += table[f][e] / total
        table = {f: {e: c / sum(row.values()) for e, c in row.items()} for f, row in counts.items()}
    return table


def token_vectors(notes: list[Note], glossary: TermGlossary) -> dict[str, Vector]:
    """Weighted vector of every token that the tokenizer shall know."""
    passages = [part.indexed for note in notes for part in chunk(note.document(), size=180, overlap=30)]
    passages += [f"{' '.join(entry.names['en'])} {entry.definition}" for entry in glossary.entries]
    english, rarity = english_vectors(passages)
    common = max(rarity.values())
    stops = {stem(word) for word in STOPWORDS}

    def weight(token: str) -> float:
        return STOP_WEIGHT if token in stops else rarity.get(token, common) / common

    tokens: dict[str, Vector] = {}
    for text in passages:
        for word in words(text):
            if not han(word):
                tokens.setdefault(word, english[stem(word)] * weight(stem(word)))
    pairs = parallel_names(glossary.entries, notes)
    spread = {word: len(heads) for word, heads in _contexts(pairs).items()}
    widest = float(np.log(1 + max(spread.values())))
    for foreign, row in translation_table(pairs).items():
        if han(foreign) and len(foreign) > LONGEST_HAN:
            continue
        likely = {e: p for e, p in row.items() if p >= 0.1}
        mean = sum((p * english.get(e, own_direction(e)) for e, p in likely.items()), np.zeros(DIMENSION))
        scale = sum(p * weight(e) for e, p in likely.items()) / (sum(likely.values()) or 1.0)
        scale *= 1 - float(np.log(spread[foreign])) / widest
        vector = _unit(np.asarray(mean, dtype=np.float64)) * np.float32(max(scale, STOP_WEIGHT))
        if foreign not in tokens or han(foreign):
            tokens[foreign] = vector
    return tokens


def _contexts(pairs: list[Pair]) -> dict[str, set[tuple[str, ...]]]:
    """The English names that each foreign word occurs with; words that go with many of them carry little."""
    heads: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for foreign, english in pairs:
        for word in foreign:
            heads[word].add(english)
    return heads


def build_tokenizer(tokens: Iterable[str]) -> tuple[Tokenizer, list[str]]:
    """A unigram tokenizer over the given tokens and all their characters; few, long tokens win."""
    known = sorted(set(tokens))
    characters = sorted({char for token in known for char in token} - set(known))
    vocabulary = [("<unk>", 0.0), *((t, -10.0) for t in known), *((c, -20.0) for c in characters)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.NFD(),
            normalizers.Replace(Regex("[\u0300-\u036f]"), ""),
            normalizers.NFC(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("[^\\p{L}\\p{M}\\p{N}]+"), "removed")
    return tokenizer, [token for token, _ in vocabulary]


def build(folder: Path) -> None:
    """Write ``tokenizer.json``, ``model.safetensors`` and what sentence-transformers needs to load the folder."""
    vectors = token_vectors(list(read_notes()), TermGlossary.load())
    tokenizer, names = build_tokenizer(vectors)
    zero = np.zeros(DIMENSION, dtype=np.float32)
    table = np.stack([vectors.get(name, zero) for name in names]).astype(np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    save_file({"embedding.weight": table}, str(folder / "model.safetensors"))
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}]
    (folder / "inputs.sha256").write_text(inputs_hash() + "\n", encoding="utf-8")
    (folder / "modules.json").write_text(json.dumps(modules, indent=2) + "\n", encoding="utf-8")


def inputs_hash() -> str:
    """Hash of everything the embedding is built from; ``make check`` compares it with the one in the folder."""
    base = resources.KNOWLEDGE_BASE
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted([*(base / "glossary").glob("*.tsv"), *(base / "ophthalmology").glob("*.md")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def main() -> None:
    """Command line of the script."""
    parser = argparse.ArgumentParser(description="Build the embedded embedder from the notes and the glossary.")
    parser.add_argument("--out", type=Path, default=resources.KNOWLEDGE_BASE / "embedder")
    build(parser.parse_args().out)


if __name__ == "__main__":
    main()
