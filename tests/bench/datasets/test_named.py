"""Public sets, each as a tiny copy in the exact shape of its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clara.bench.datasets import load_dataset
from clara.errors import DatasetError

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed (extra: datasets)")


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(rows), path)


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def prox(number: int, category: str, texts: list[str | None], answer: str, **more: Any) -> dict[str, Any]:
    options = {f"option_{n}": (texts[n] if n < len(texts) else None) for n in range(10)}
    row = {"question_id": number, "question": f"q{number}", **options, "answer": answer, "category": category}
    return {**row, "answer_index": "ABCDEFGHIJ".index(answer), "cot_content": "", "src": "x", "question_id_src": 1} | more


class TestMmluProx:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        root = tmp_path / "MMLU-ProX"
        for code in ("en", "zh"):
            rows = [
                prox(7, "health", ["a", "b", "c"], "C"),
                prox(8, "law", ["a", "b", "c"], "A"),
                prox(9, "health", ["a", None, "c", "d"], "D"),
            ]
            write_parquet(root / code / "test-00000-of-00001.parquet", rows)
            write_parquet(root / code / "validation-00000-of-00001.parquet", [prox(1, "health", ["a", "b"], "A")])
        return root

    def test_health_only_and_letters_keep_their_place_over_a_hole(self, folder: Path) -> None:
        data = load_dataset(folder)
        assert data.name == "mmlu-prox"
        assert data.languages == ("english", "chinese")
        assert [(item.id, item.gold) for item in data.items] == [("7", "C"), ("9", "D")] * 2
        assert data.items[1].question.labels == ("A", "C", "D")
        assert data.items[0].theme == "health"

    def test_a_copy_of_another_size_is_noted(self, folder: Path) -> None:
        assert any("has 3 rows, li-lab/MMLU-ProX was published with 11759" in note for note in load_dataset(folder).notes)

    def test_one_language_only(self, folder: Path) -> None:
        assert load_dataset(folder, languages=["zh"]).languages == ("chinese",)

    def test_a_letter_that_disagrees_with_the_index_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "MMLU-ProX" / "en" / "test.parquet"
        write_parquet(path, [prox(7, "health", ["a", "b"], "B", answer_index=0)])
        with pytest.raises(DatasetError, match=r"test\.parquet: row 1 has gold B but answer_index 0"):
            load_dataset(path)
        assert load_dataset_defects(path, also=prox(8, "health", ["a", "b"], "A")) == [("7", "bad_gold")]


def load_dataset_defects(path: Path, also: dict[str, Any]) -> list[tuple[str, str]]:
    rows = parquet.read_table(path).to_pylist()
    write_parquet(path, [*rows, also])
    return [(defect.id, defect.problem) for defect in load_dataset(path, strict=False).defects]


def test_global_mmlu_keeps_the_medical_subjects(tmp_path: Path) -> None:
    def row(subject: str, n: int) -> dict[str, Any]:
        return {
            "sample_id": f"{subject}/test/{n}",
            "subject": subject,
            "subject_category": "Medical",
            "question": "Which?",
            **{f"option_{letter}": f"{letter} text" for letter in "abcd"},
            "answer": "B",
            "required_knowledge": "[]",
            "time_sensitive": "-",
            "cultural_sensitivity_label": "CA",
            "is_annotated": True,
        }

    for code in ("en", "hi"):
        rows = [row("anatomy", 0), row("astronomy", 0), row("virology", 3)]
        write_parquet(tmp_path / "Global-MMLU" / code / "test-00000-of-00001.parquet", rows)
        write_parquet(tmp_path / "Global-MMLU" / code / "dev-00000-of-00001.parquet", [row("anatomy", 9)])
    data = load_dataset(tmp_path / "Global-MMLU")
    assert [(item.id, item.language) for item in data.items] == [
        ("anatomy/test/0", "english"),
        ("virology/test/3", "english"),
        ("anatomy/test/0", "hindi"),
        ("virology/test/3", "hindi"),
    ]
    assert {item.gold for item in data.items} == {"B"}
    assert data.items[0].question.option_text("D") == "d text"


class TestHeadQa:
    def row(self, **more: Any) -> dict[str, Any]:
        answers = [{"aid": n, "atext": text} for n, text in enumerate(["uno", "dos", "tres", "cuatro"], 1)]
        base = {"name": "Cuaderno_2017_1_M", "year": "2017", "category": "medicine", "qid": "12", "qtext": "¿Cuál?"}
        return {**base, "ra": 3, "image": "", "answers": answers} | more

    def test_answers_in_any_shape_and_numbers_as_text(self, tmp_path: Path) -> None:
        rows = [
            self.row(),
            self.row(qid="13", ra="4"),
            self.row(qid="14", ra="1", answers={"aid": ["1", "2"], "atext": ["uno", "dos"]}),
        ]
        write_json(tmp_path / "head_qa" / "es" / "test.json", rows)
        write_json(tmp_path / "head_qa" / "en" / "test.json", [self.row(qtext="Which?")])
        data = load_dataset(tmp_path / "head_qa")
        assert [item.gold for item in data.items if item.code == "es"] == ["C", "D", "A"]
        assert data.items[0].id == "Cuaderno_2017_1_M:12"
        assert data.items[0].language == "english"

    def test_questions_with_an_image_are_left_out_and_counted(self, tmp_path: Path) -> None:
        path = tmp_path / "head_qa" / "es" / "test.json"
        write_json(path, [self.row(), self.row(qid="13", image="data/img.png")])
        data = load_dataset(path)
        assert len(data.items) == 1
        assert "1 questions with something under image were left out" in data.notes


def test_medexpqa_options_by_number_as_text_and_with_a_hole(tmp_path: Path) -> None:
    def row(number: int, options: Any, right: int) -> dict[str, Any]:
        return {
            "id": number,
            "lang": "es",
            "type": "OFTALMOLOGÍA",
            "year": 2018,
            "full_question": "¿Cuál?",
            "correct_option": right,
            "explanations": {},
            "options": options,
            "rag": "",
        }

    four = {"1": "uno", "2": "dos", "3": "tres", "4": "cuatro", "5": None}
    rows = [row(1, four, 2), row(2, json.dumps(four), 4), row(3, str(four), 1)]
    for code in ("es", "it"):
        path = tmp_path / "MedExpQA" / "data" / code / "test.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(entry) + "\n" for entry in rows))
    data = load_dataset(tmp_path / "MedExpQA")
    assert data.languages == ("spanish", "italian")
    assert [item.gold for item in data.items] == ["B", "D", "A"] * 2
    assert data.items[0].question.labels == ("A", "B", "C", "D")
    assert data.items[0].theme == "OFTALMOLOGÍA"


def test_xlinghealth_keeps_the_right_answer_of_five_rows(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    names = ("English", "Chinese", "Spanish", "Hindi")
    book.active.append(
        ["id", "label", "answer_ids", *(f"{kind}_{name}" for name in names for kind in ("question", "answer"))]
    )
    for number in (1, 2):
        for place in range(5):
            right = "right" if place == 0 else "distractor"
            texts = [f"{kind} {name} {right}" for name in names for kind in ("question", "answer")]
            if number == 2:
                texts[2] = None
            book.active.append([number, int(place == 0), f"a{place}", *texts])
    folder = tmp_path / "XLingHealth"
    folder.mkdir()
    book.save(folder / "LiveQA.xlsx")
    book.save(folder / "HealthQA.xlsx")  # ids start again in each file
    data = load_dataset(folder)
    assert data.languages == ("english", "chinese", "spanish", "hindi")
    assert len(data.items) == 14
    assert {item.id for item in data.items} == {"LiveQA:1", "LiveQA:2", "HealthQA:1", "HealthQA:2"}
    assert data.items[0].references == ("answer English right",)
    assert data.items[0].gold == ""
    assert not data.items[0].question.options
    assert "2 empty chinese cells were left out" in data.notes


def test_xmedbench_splits_one_string_and_takes_several_letters(tmp_path: Path) -> None:
    rows = [
        {"question": "哪一项？", "options": "(A) 甲 (见B)\n(B) 乙\n(C) 丙\n(D) 丁", "answer": "(A)", "source": "CMExam"},
        {"question": "哪些？", "options": "(A) 甲\n(B) 乙\n(C) 丙\n(D) 丁\n(E) 戊", "answer": "(ACE)", "source": "CMExam"},
    ]
    write_json(tmp_path / "XMedbench" / "test" / "zh.json", rows)
    write_json(tmp_path / "XMedbench" / "test" / "en.json", [{**rows[0], "question": "Which?", "context": ""}])
    data = load_dataset(tmp_path / "XMedbench")
    zh = [item for item in data.items if item.code == "zh"]
    assert [item.gold for item in zh] == ["A", "ACE"]
    assert zh[0].question.option_text("A") == "甲 (见B)"
    assert data.parallel is False
    assert any("1 items need several letters" in note for note in data.notes)


def test_a_fetched_copy_is_found_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "multi-ophthalingua"
    folder.mkdir(parents=True)
    (folder / "answers.csv").write_text("ID,answer\n1,A\n")
    (folder / "questions.csv").write_text('ID,english,tagalog,answer\n1,"Which?\na) x\nb) y","Alin?\na) x\nb) y",A\n')
    data = load_dataset("multi-ophthalingua", home=tmp_path)
    assert data.name == "multi-ophthalingua"
    assert data.languages == ("english", "tagalog")
    assert any("this copy has 1 questions" in note for note in data.notes)


def test_a_set_that_was_not_fetched_says_how(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not here yet: get it once with `clara bench fetch multi-ophthalingua`"):
        load_dataset("multi-ophthalingua", home=tmp_path)


class TestHub:
    def test_a_name_needs_the_optional_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "datasets", None)
        with pytest.raises(
            DatasetError, match=r"li-lab/MMLU-ProX is a hub name, which needs the package datasets; install it"
        ):
            load_dataset("mmlu-prox")

    def test_an_unreachable_hub_is_said_in_one_sentence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        library = pytest.importorskip("datasets", reason="the package datasets is not installed (extra: datasets)")

        def offline(*_args: object, **_kwargs: object) -> None:  # the network boundary: what the package raises offline
            raise ConnectionError("Couldn't reach the Hub")

        monkeypatch.setattr(library, "load_dataset", offline)
        with pytest.raises(DatasetError, match=r"cannot get li-lab/MMLU-ProX \(en\) from the Hugging Face hub .*local copy"):
            load_dataset("mmlu-prox", languages=["en"])

    def test_rows_of_the_package_become_items(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The package itself reads a local folder; only the name is led there instead of to the hub."""
        library = pytest.importorskip("datasets", reason="the package datasets is not installed (extra: datasets)")
        asked: list[tuple[str, str | None, str]] = []

        def local(name: str, config: str | None, *, split: str) -> Any:
            asked.append((name, config, split))
            return library.Dataset.from_list([prox(7, "health", ["a", "b", "c"], "C"), prox(8, "law", ["a", "b"], "A")])

        monkeypatch.setattr(library, "load_dataset", local)
        data = load_dataset("mmlu-prox", languages=["en", "hi"])
        assert asked == [("li-lab/MMLU-ProX", "en", "test"), ("li-lab/MMLU-ProX", "hi", "test")]
        assert [(item.id, item.language, item.gold) for item in data.items] == [("7", "english", "C"), ("7", "hindi", "C")]

    def test_the_package_itself_reads_parquet_and_the_only_split(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The real package on a local folder in the hub's shape: no network, no name."""
        pytest.importorskip("datasets", reason="the package datasets is not installed (extra: datasets)")
        from clara.bench.datasets.hub import hub_rows

        rows = [{"id": "1", "english": "Which? a) x b) y", "answer": "A"}]
        write_parquet(tmp_path / "set" / "data" / "train-00000-of-00001.parquet", rows)
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
        found = hub_rows(str(tmp_path / "set"), None, "test")
        assert [row.values for row in found] == rows
        with pytest.raises(DatasetError, match="has no usable split 'test'"):
            hub_rows(str(tmp_path / "set"), "klingon", "test")
