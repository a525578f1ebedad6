"""Public multilingual medical benchmarks in the forms in which they are published, with questions made up here."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

STEMS = {
    "en": "Which layer makes aqueous humour?",
    "es": "¿Qué capa produce el humor acuoso?",
    "pt": "Que camada produz o humor aquoso?",
    "fr": "Quelle couche produit l'humeur aqueuse ?",
    "hi": "नेत्रोद कौन सी परत बनाती है?",
    "zh": "哪一层产生房水？",
    "ar": "أي طبقة تنتج الخلط المائي؟",
    "ja": "房水を産生する層はどれか。",
    "ru": "Какой слой образует водянистую влагу?",
    "sw": "Ni tabaka gani hutengeneza maji ya jicho?",
}
OPTIONS = {
    "en": ("Cornea", "Ciliary body", "Lens", "Retina"),
    "es": ("Córnea", "Cuerpo ciliar", "Cristalino", "Retina"),
    "pt": ("Córnea", "Corpo ciliar", "Cristalino", "Retina"),
    "fr": ("Cornée", "Corps ciliaire", "Cristallin", "Rétine"),
    "hi": ("कॉर्निया", "सिलियरी बॉडी", "लेंस", "रेटिना"),
    "zh": ("角膜", "睫状体", "晶状体", "视网膜"),
    "ar": ("القرنية", "الجسم الهدبي", "العدسة", "الشبكية"),
    "ja": ("角膜", "毛様体", "水晶体", "網膜"),
    "ru": ("Роговица", "Цилиарное тело", "Хрусталик", "Сетчатка"),
    "sw": ("Konea", "Kiini cha siliari", "Lenzi", "Retina"),
}
QUESTIONS = 5
"""Questions of each set, in every language."""


def stem(language: str, number: int) -> str:
    return f"({number}) {STEMS[language]}"


def write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")


def write_table(path: Path, rows: Sequence[dict[str, Any]], delimiter: str = ",", encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def multi_ophthalingua(folder: Path) -> Path:
    """One CSV with a column a language and the options in the text; id 156 is missing in the original."""
    names = {"portuguese": "pt", "spanish": "es", "english": "en", "chinese": "zh", "french": "fr"}
    rows: list[dict[str, Any]] = []
    for number in range(1, QUESTIONS + 1):
        row: dict[str, Any] = {"ID": number, "year": 2023, "test": "t", "theme": "Anatomy", "subtheme": "", "answer": "B"}
        for name, code in names.items():
            listed = "\n".join(f"{letter}) {text}" for letter, text in zip("abcd", OPTIONS[code], strict=True))
            row[name] = f"{stem(code, number)}\n{listed}"
        rows.append(row)
    write_table(folder / "questions.csv", rows)
    return folder / "questions.csv"


def global_mmlu(folder: Path) -> Path:
    """A folder a language, a column an option."""
    for code in ("en", "hi", "sw"):
        rows: list[dict[str, Any]] = []
        for number in range(QUESTIONS):
            options = dict(zip(("option_a", "option_b", "option_c", "option_d"), OPTIONS[code], strict=True))
            row = {"sample_id": f"anatomy/test/{number}", "subject": "anatomy", "question": stem(code, number)}
            rows.append({**row, **options, "answer": "B", "required_knowledge": "[]", "cultural_sensitivity_label": "-"})
        write_lines(folder / code / "test.jsonl", rows)
    return folder


def mmlu_prox(folder: Path) -> Path:
    """Up to ten options, the last ones empty, and the place of the right one beside its letter."""
    for code in ("en", "zh", "ar"):
        rows: list[dict[str, Any]] = []
        for number in range(QUESTIONS):
            row: dict[str, Any] = {"question_id": number, "question": stem(code, number)}
            for place in range(10):
                row[f"option_{place}"] = OPTIONS[code][place] if place < 4 else None
            rows.append({**row, "answer": "B", "answer_index": 1, "category": "health", "src": "x"})
        write_lines(folder / code / "test.jsonl", rows)
    return folder


def m_mmlu(folder: Path) -> Path:
    """The question is called ``instruction``."""
    for code in ("es", "fr"):
        rows: list[dict[str, Any]] = []
        for number in range(QUESTIONS):
            options = dict(zip(("option_a", "option_b", "option_c", "option_d"), OPTIONS[code], strict=True))
            rows.append({"id": f"anatomy/test/{number}", "instruction": stem(code, number), **options, "answer": "B"})
        write_lines(folder / f"{code}_test.jsonl", rows)
        (folder / f"{code}_test.jsonl").rename(folder / f"test_{code}.jsonl")
    return folder


def mmmlu(folder: Path) -> Path:
    """CSV files with a column of row numbers that has no name; the file is named after language and region."""
    for name, code in {"ES-LA": "es", "PT-BR": "pt", "SW-KE": "sw"}.items():
        rows: list[dict[str, Any]] = []
        for number in range(QUESTIONS):
            options = dict(zip("ABCD", OPTIONS[code], strict=True))
            rows.append({"": number, "Question": stem(code, number), **options, "Answer": "B", "Subject": "anatomy"})
        write_table(folder / f"mmlu_{name}.csv", rows)
    return folder


def head_qa(folder: Path) -> Path:
    """Options as a list of objects, numbers as text."""
    for code in ("en", "es"):
        rows: list[dict[str, Any]] = []
        for number in range(1, QUESTIONS + 1):
            answers = [{"aid": place, "atext": text} for place, text in enumerate(OPTIONS[code], 1)]
            row = {"name": "Cuaderno", "year": "2013", "category": "medicine", "qid": str(number), "ra": "2", "image": ""}
            rows.append({**row, "qtext": stem(code, number), "answers": answers})
        write_lines(folder / code / "test.jsonl", rows)
    return folder


def medexpqa(folder: Path) -> Path:
    """Options by number, the fifth empty."""
    for code in ("en", "es", "fr"):
        rows: list[dict[str, Any]] = []
        for number in range(QUESTIONS):
            options = {str(place): text for place, text in enumerate(OPTIONS[code], 1)} | {"5": None}
            row = {"id": number, "lang": code, "type": "OFTALMOLOGÍA", "full_question": stem(code, number)}
            rows.append({**row, "correct_option": 2, "explanations": {}, "options": options})
        write_lines(folder / code / "test.jsonl", rows)
    return folder


def xlinghealth(folder: Path) -> Path:
    """A workbook with five rows a question, the right answer first."""
    from openpyxl import Workbook

    names = {"English": "en", "Chinese": "zh", "Spanish": "es", "Hindi": "hi"}
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "label", "answer_ids", *(f"{part}_{name}" for name in names for part in ("question", "answer"))])
    for number in range(QUESTIONS):
        for place in range(4):
            texts: list[str] = []
            for code in names.values():
                texts.extend((stem(code, number), OPTIONS[code][(place + 1) % 4]))
            sheet.append([number, int(place == 0), place, *texts])
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / "LiveQA.xlsx")
    return folder / "LiveQA.xlsx"


def xmedbench(folder: Path) -> Path:
    """The options in one text, each on a line."""
    for code in ("es", "fr", "hi", "zh", "ar"):
        rows: list[dict[str, Any]] = []
        for number in range(QUESTIONS):
            listed = "\n".join(f"({letter}) {text}" for letter, text in zip("ABCD", OPTIONS[code], strict=True))
            rows.append({"question": stem(code, number), "options": listed, "answer": "(B)", "source": "x"})
        path = folder / "XMedbench" / "test" / f"{code}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return folder / "XMedbench"


def mmedbench(folder: Path) -> Path:
    """A file a language under its English name, without ids."""
    for name, code in {"English": "en", "Chinese": "zh", "Japanese": "ja", "Russian": "ru"}.items():
        rows: list[dict[str, Any]] = []
        for number in range(QUESTIONS):
            options = dict(zip("ABCD", OPTIONS[code], strict=True))
            row = {"question": stem(code, number), "options": options, "answer": OPTIONS[code][1], "answer_idx": "B"}
            rows.append({**row, "rationale": "x", "meta_info": "y"})
        write_lines(folder / f"{name}.jsonl", rows)
    return folder


def apollo(folder: Path) -> Path:
    """One JSON for all languages, without ids."""
    rows: list[dict[str, Any]] = []
    for code in ("en", "hi", "ru", "ja"):
        for number in range(QUESTIONS):
            listed = "\n".join(f"{letter}. {text}" for letter, text in zip("ABCD", OPTIONS[code], strict=True))
            row = {"question": stem(code, number), "options": listed, "answer": "B", "source": "x", "class": "med"}
            rows.append({**row, "language": code})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ApolloMoE.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return folder / "ApolloMoE.json"


def worldmedqa(folder: Path) -> Path:
    """Tab-separated files named after countries, with images in some rows."""
    for name, code in {"brazil_local": "pt", "brazil_english": "en", "japan_local": "ja", "spain_local": "es"}.items():
        rows: list[dict[str, Any]] = []
        for number in range(QUESTIONS + 1):
            options = dict(zip("ABCD", OPTIONS[code], strict=True))
            image = "iVBORw0KGgo=" if number == QUESTIONS else ""
            rows.append({"index": number, "question": stem(code, number), **options, "correct_option": "B", "image": image})
        write_table(folder / f"{name}_processed.tsv", rows, "\t")
    return folder


def include(folder: Path) -> Path:
    """Folders by the English names of languages, the right option counted from 0."""
    for name, code in {"Spanish": "es", "Arabic": "ar", "Russian": "ru"}.items():
        rows: list[dict[str, Any]] = []
        for number in range(QUESTIONS):
            options = dict(zip(("option_a", "option_b", "option_c", "option_d"), OPTIONS[code], strict=True))
            row = {"language": name, "country": "x", "domain": "Medical License", "subject": "Ophthalmology"}
            shifted = dict(zip(options, (*OPTIONS[code][1:], OPTIONS[code][0]), strict=True))
            is_first = number == 0
            chosen = shifted if is_first else options
            rows.append({**row, "question": stem(code, number), **chosen, "answer": 0 if is_first else 1})
        path = folder / name / "test.jsonl"
        write_lines(path, rows)
        path.with_suffix(".jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return folder


SHAPES: dict[str, tuple[Callable[[Path], Path], int]] = {
    "multi-ophthalingua": (multi_ophthalingua, 5),
    "global-mmlu": (global_mmlu, 3),
    "mmlu-prox": (mmlu_prox, 3),
    "m-mmlu": (m_mmlu, 2),
    "mmmlu": (mmmlu, 3),
    "head-qa": (head_qa, 2),
    "medexpqa": (medexpqa, 3),
    "xlinghealth": (xlinghealth, 4),
    "xmedbench": (xmedbench, 5),
    "mmedbench": (mmedbench, 4),
    "apollo": (apollo, 4),
    "worldmedqa": (worldmedqa, 4),
    "include": (include, 3),
}
"""Name to what makes the files in a folder, and the languages that they hold."""
