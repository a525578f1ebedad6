"""Makes tiny random sentence-transformers models and tells as JSON what CLARA's embedder and reranker make of them.

Run with the engine's own Python, CLARA on its path: ``transformers_probe.py FOLDER``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers import models as modules
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from clara.errors import KnowledgeError
from clara.knowledge.embedding.reranker import CrossEncoderReranker
from clara.knowledge.embedding.transformer import TransformerEmbedder

TEXTS = ("The cornea is clear.", "The lens focuses light.", "Glaucoma damages the nerve.")
LIMIT = 64
"""Tokens that the models take."""


def write(folder: Path) -> tuple[Path, Path]:
    """An embedding model and a cross-encoder that share a tokenizer."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator([*TEXTS, "query passage :"], trainers.WordPieceTrainer(special_tokens=special))
    pair = "[CLS] $A [SEP] $B:1 [SEP]:1"
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair=pair, special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=LIMIT,
    )
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(vocab_size=len(fast), max_position_embeddings=LIMIT, num_labels=1, **shape)
    torch.manual_seed(0)
    plain, embedder, reranker = folder / "plain", folder / "multilingual-e5-tiny", folder / "reranker"
    for model, place in ((BertModel(config), plain), (BertForSequenceClassification(config), reranker)):
        model.save_pretrained(place)
        fast.save_pretrained(place)
    body = modules.Transformer(str(plain), max_seq_length=LIMIT)
    SentenceTransformer(modules=[body, modules.Pooling(32)]).save(str(embedder))
    return embedder, reranker


def main(folder: Path) -> None:
    where, judge = write(folder)
    ours, theirs = TransformerEmbedder(str(where)), SentenceTransformer(str(where))
    found, queries = ours.embed_documents(TEXTS), ours.embed_queries(TEXTS)
    passages = theirs.encode([f"passage: {text}" for text in TEXTS], normalize_embeddings=True)
    asked = theirs.encode([f"query: {text}" for text in TEXTS], normalize_embeddings=True)
    pairs = CrossEncoder(str(judge)).predict([("clear cornea", text) for text in TEXTS])
    try:
        TransformerEmbedder(str(folder / "nothing"))
        refused = ""
    except KnowledgeError as error:
        refused = str(error)
    report = {
        "dimension": ours.info.dimension,
        "max_tokens": ours.info.max_tokens,
        "instructions": [ours.info.query_instruction, ours.info.document_instruction],
        "tokens": ours.count_tokens(TEXTS),
        "norms": np.linalg.norm(found, axis=1).tolist(),
        "passages_off": float(np.abs(found - passages).max()),
        "queries_off": float(np.abs(queries - asked).max()),
        "apart": float(np.abs(found - queries).max()),
        "scores": CrossEncoderReranker(str(judge)).scores("clear cornea", TEXTS),
        "expected": [float(score) for score in pairs],
        "refused": refused,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
