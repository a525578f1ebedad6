"""Builds a tiny translation model with random weights and runs CLARA's wrapper on it; runs where torch and transformers are.

Usage: tiny_translator.py KIND FOLDER REPOSITORY SITE_PACKAGES, where KIND is nllb or m2m100; prints one JSON line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

kind, folder, repository, site = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
sys.path.insert(0, repository)
sys.path.append(site)  # CLARA's own dependencies, behind those of this environment

import torch  # noqa: E402
from transformers import (  # noqa: E402
    BertTokenizer,
    M2M100Config,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    NllbTokenizer,
)

from clara.backbone.translation.seq2seq import Seq2SeqTranslator  # noqa: E402
from clara.errors import SettingsError  # noqa: E402

LETTERS = "▁abcdefghijklmnopqrstuvwxyzáéíóúñ¿?.,0123456789क"
TEXTS = [("¿qué nervio?", "es"), ("Dos frases. Y otra.", "es"), ("ang mata", "fil"), ("क", "hi")]


def tokenizer() -> object:
    """A tokenizer of single letters with the language codes of its kind."""
    base = {token: number for number, token in enumerate(("<s>", "<pad>", "</s>", "<unk>", *LETTERS))}
    if kind == "nllb":
        return NllbTokenizer(vocab=base, merges=[])
    import sentencepiece

    text = folder / "text.txt"
    text.write_text("\n".join(f"{word} {letter}" for word in ("ojo", "nervio") for letter in LETTERS[1:]), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "spm"), vocab_size=70, hard_vocab_limit=False, minloglevel=2
    )
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
    known = {token: number for number, token in enumerate(("<s>", "<pad>", "</s>", "<unk>"))}
    for number in range(pieces.get_piece_size()):
        known.setdefault(pieces.id_to_piece(number), len(known))
    (folder / "vocab.json").write_text(json.dumps(known), encoding="utf-8")
    return M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "spm.model"))


def main() -> None:
    """Save, load through the wrapper, translate."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    words = tokenizer()
    words.save_pretrained(folder)
    config = M2M100Config(
        vocab_size=512,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=512,
    )
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    translator = Seq2SeqTranslator(str(folder))
    calls: list[list[int]] = []
    generate = translator._model.generate

    def watched(**inputs: object) -> object:
        tokens = generate(**{**inputs, "max_new_tokens": 12, "min_new_tokens": 12})
        calls.append([int(row[1]) for row in tokens])
        return tokens

    translator._model.generate = watched
    made = translator.translate(TEXTS)
    english = words.convert_tokens_to_ids("eng_Latn" if kind == "nllb" else "__en__")
    plain = folder / "plain"
    BertTokenizer(vocab={"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "a": 5}).save_pretrained(plain)
    M2M100ForConditionalGeneration(config).save_pretrained(plain)
    try:
        Seq2SeqTranslator(str(plain))
        wrong = ""
    except SettingsError as error:
        wrong = str(error)
    told = {
        "knows": {code: translator.knows(code) for code in ("es", "hi", "fil", "xx")},
        "started_with_english": {number for firsts in calls for number in firsts} == {english},
        "batches": [len(firsts) for firsts in calls],
        "texts": len(made),
        "empty": translator.translate([("", "es")])[0],
        "wrong_model": wrong,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
