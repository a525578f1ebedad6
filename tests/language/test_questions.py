from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.language.questions import LETTERS, label_of, parse_question


@pytest.mark.parametrize(
    ("text", "stem", "options"),
    [
        ("What? a) one b) two c) three d) four", "What?", ["one", "two", "three", "four"]),
        ("What?\nA. one\nB. two\nC. three", "What?", ["one", "two", "three"]),
        ("What? (A) one (B) two", "What?", ["one", "two"]),
        ("What?\n(a) one\n(b) two", "What?", ["one", "two"]),
        ("问题？A.一 B.二 C．三 D、四", "问题？", ["一", "二", "三", "四"]),
        ("问题？\nＡ）一\nＢ）二", "问题？", ["一", "二"]),
        ("हिंदी प्रश्न? (A) क (B) ख", "हिंदी प्रश्न?", ["क", "ख"]),
        ("What?\nA) one\nstill one\nB) two", "What?", ["one\nstill one", "two"]),
        ("प्रश्न?\nक) एक\nख) दो\nग) तीन\nघ) चार", "प्रश्न?", ["एक", "दो", "तीन", "चार"]),
        ("प्रश्न? (अ) एक (ब) दो (स) तीन (द) चार", "प्रश्न?", ["एक", "दो", "तीन", "चार"]),
        ("ما هو؟\nأ) القرنية\nب) العدسة\nج) الشبكية\nد) المشيمية", "ما هو؟", ["القرنية", "العدسة", "الشبكية", "المشيمية"]),
        ("ما هو؟ أ. القرنية ب. العدسة ج. الشبكية", "ما هو؟", ["القرنية", "العدسة", "الشبكية"]),
        ("ما هو؟\nأ- القرنية\nب- العدسة", "ما هو؟", ["القرنية", "العدسة"]),
        ("Что?\nА) один\nБ) два\nВ) три", "Что?", ["один", "два", "три"]),
        ("どれ？①角膜②水晶体③網膜", "どれ？", ["角膜", "水晶体", "網膜"]),
        ("무엇?\n① 각막\n② 수정체", "무엇?", ["각막", "수정체"]),
        ("무엇? 가) 각막 나) 수정체 다) 망막", "무엇?", ["각막", "수정체", "망막"]),
        ("What?\nⒶ one\nⒷ two", "What?", ["one", "two"]),
        ("What? [A] one [B] two", "What?", ["one", "two"]),
        ("What?\nA - one\nB - two", "What?", ["one", "two"]),
        ("What?\n1) one\n2) two\n3) three", "What?", ["one", "two", "three"]),
        ("Which?\n①lens ②iris\nA. ①\nB. ①②\nC. ②", "Which?\n①lens ②iris", ["①", "①②", "②"]),
        ("Which?\na 1%.\nb) 2%.\nc) 3%.\nd) 4%.", "Which?", ["1%.", "2%.", "3%.", "4%."]),
        ("Which?\na) 1%.\nb 2%.\nc) 3%.\nd) 4%.", "Which?", ["1%.", "2%.", "3%.", "4%."]),
    ],
)
def test_options_are_taken_apart_in_every_usual_form(text: str, stem: str, options: list[str]) -> None:
    question = parse_question(text)
    assert question.text == stem
    assert [option.text for option in question.options] == options
    assert question.labels == tuple("ABCDEFGHIJ"[: len(options)])


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("Given a) x b) y. Which is right? A) 1 B) 2 C) 3", "Given a) x b) y. Which is right?"),
        ("List: a) x b) y is true. Which?\nA) 1\nB) 2\nC) 3", "List: a) x b) y is true. Which?"),
    ],
)
def test_a_lettered_list_in_the_stem_stays_in_the_stem(text: str, stem: str) -> None:
    question = parse_question(text)
    assert question.text == stem
    assert [option.text for option in question.options] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "text",
    [
        "What is glaucoma?",
        "Vitamin A. Why?",
        "only a) one",
        "What? b) two c) three",
        "",
        "Order the steps:\n1. wash\n2. rinse",
        "Compare:\na lens\nb iris",
        "It takes 1) or so.",
        "Who was A. B. Smith, the surgeon?",
        "Кто такой А. Б. Иванов?",
    ],
)
def test_text_without_a_run_from_a_is_free_text(text: str) -> None:
    question = parse_question(text)
    assert question.text == text
    assert question.options == ()


def test_language_and_id_travel_with_the_question() -> None:
    question = parse_question("¿Qué? a) uno b) dos", language="es", id="7")
    assert (question.language, question.id) == ("es", "7")


def test_options_go_up_to_j() -> None:
    text = "Which? " + " ".join(f"{letter}) option {letter}" for letter in "ABCDEFGHIJ")
    assert parse_question(text).labels == tuple("ABCDEFGHIJ")


MARKERS = (
    ("{}) ", LETTERS),
    ("({}) ", LETTERS.lower()),
    ("{}. ", LETTERS),
    ("[{}] ", LETTERS),
    ("{}：", "ＡＢＣＤＥＦＧＨＩＪ"),
    ("{}）", "ａｂｃｄｅｆｇｈｉｊ"),
    ("{} ", "①②③④⑤⑥⑦⑧⑨⑩"),
    ("{}、", LETTERS),
    ("{}. ", "कखगघङचछजझञ"),
    ("({}) ", "أبجدهوزحطي"),
    ("{}) ", "АБВГДЕЖЗИК"),
)
TEXTS = st.text("xyzαβγ åéñ 眼中国 лнп قمن", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.lists(TEXTS, min_size=2, max_size=10), st.sampled_from(MARKERS))
def test_what_was_written_with_markers_is_read_back(texts: list[str], marker: tuple[str, str]) -> None:
    form, letters = marker
    written = "".join(f"\n{form.format(letters[place])}{text}" for place, text in enumerate(texts))
    question = parse_question(f"Which one?{written}")
    assert question.text == "Which one?"
    assert [option.text for option in question.options] == texts
    assert question.labels == tuple(LETTERS[: len(texts)])


@given(st.text(max_size=200))
def test_any_text_is_read_without_loss_of_the_stem(text: str) -> None:
    question = parse_question(text)
    assert text.strip().startswith(question.text)
    assert len(question.options) <= 26


@pytest.mark.parametrize(
    ("symbol", "label"),
    [("b", "B"), ("Ｂ", "B"), ("②", "B"), ("ख", "B"), ("ب", "B"), ("Б", "B"), ("2", None), ("k", "K"), ("", None)],
)
def test_label_of(symbol: str, label: str | None) -> None:
    assert label_of(symbol) == label


@pytest.mark.parametrize(
    "text",
    [
        "Which grows? (A) Neisseria (B) H. influenzae (C) S. aureus (D) E. coli",
        "Which grows? A) Neisseria B) H. influenzae C) S. aureus D) E. coli",
        "Route? (A) Eye drops (B) Given i.v. (C) Given p.o. (D) None",
        "Which score? (A) N.I.H. scale (B) G.C.S. score (C) Both (D) Neither",
        "Which virus? A) Influenza A. B) Influenza B. C) Influenza C. D) None.",
        "Which virus? A. Influenza A. B. Influenza B. C. Influenza C. D. None.",
        "Lack of? A. Vitamin D. B. Vitamin A. C. Vitamin B. D. Iron.",
        "¿Cuál?\n1. Uno\n2. Dos\n3. Tres\n4. Cuatro",
        "¿Cuál?\n1.- Uno\n2.- Dos\n3.- Tres\n4.- Cuatro",
        "¿Cuál?\n1: Uno\n2: Dos\n3: Tres\n4: Cuatro",
        "Which? 1) one 2) two 3) three 4) four",
        "哪个？1、一 2、二 3、三 4、四",
        "哪个？A.一B.二C.三D.四",
        "哪个？A、一，B、二，C、三，D、四",
        "ข้อใด?\nก) หนึ่ง\nข) สอง\nค) สาม\nง) สี่",
        "Ποιο;\nΑ. ένα\nΒ. δύο\nΓ. τρία\nΔ. τέσσερα",
        "איזה?\nא) אחד\nב) שניים\nג) שלושה\nד) ארבעה",
        "کدام؟\nالف. یک\nب. دو\nج. سه\nد. چهار",
        "எது?\nஅ. ஒன்று\nஆ. இரண்டு\nஇ. மூன்று\nஈ. நான்கு",
        "કયું?\nઅ) એક\nબ) બે\nક) ત્રણ\nડ) ચાર",
        "కింది వాటిలో ఏది?\nఎ) ఒకటి\nబి) రెండు\nసి) మూడు\nడి) నాలుగు",
        "कौन?\nए) एक\nबी) दो\nसी) तीन\nडी) चार",
        "어느 것?\nㄱ. 하나\nㄴ. 둘\nㄷ. 셋\nㄹ. 넷",
        "Which?\n* A. one\n* B. two\n* C. three\n* D. four",
        "Which?\n- [ ] A) one\n- [ ] B) two\n- [ ] C) three\n- [ ] D) four",
        "Which?\n**A.** one\n**B.** two\n**C.** three\n**D.** four",
        "Which?\n**A. one**\n**B. two**\n**C. three**\n**D. four**",
        "Which?\nChoice A - one\nChoice B - two\nChoice C - three\nChoice D - four",
        "¿Cuál?\nOpción A: uno\nOpción B: dos\nOpción C: tres\nOpción D: cuatro",
        "Which?\na/ one\nb/ two\nc/ three\nd/ four",
        "Which?\nA one\nB two\nC three\nD four",
        "Which?\nA\tone\nB\ttwo\nC\tthree\nD\tfour",
        "Which?\n\ufeffA) one\n\u2060B) two\n\u200eC) three\n\u200bD) four",
        "Which?\nA)\u200b one\nB)\u200b two\nC)\u200b three\nD)\u200b four",
    ],
)
def test_four_clean_options_whatever_marks_them(text: str) -> None:
    question = parse_question(text)
    assert question.labels == ("A", "B", "C", "D")
    for option in question.options:
        assert option.text
        assert option.text == option.text.strip(" \t\u200b-*")
        assert "Option" not in option.text
        assert "\n" not in option.text


@pytest.mark.parametrize(
    "text",
    [
        "The findings are:\n1. pain\n2. redness\n3. haloes\nWhat is the diagnosis?",
        "He has 1) pain 2) redness 3) haloes. What is the diagnosis?",
        "Dr. A. Smith and Dr. B. Jones disagree. Who is right?",
        "C. trachomatis and E. coli were found. Which drug?",
        "Is it hepatitis A. or hepatitis B. that he has?",
        "The dose is 1.5 mg.\n2.5 mg would be too much. Why?",
    ],
)
def test_lists_initials_and_numbers_of_the_stem_are_no_options(text: str) -> None:
    assert parse_question(text).options == ()


def test_a_letter_that_is_missing_stays_missing() -> None:
    question = parse_question("Which?\nA) one\nB) two\nD) four\nE) five")
    assert [(option.label, option.text) for option in question.options] == [
        ("A", "one"), ("B", "two"), ("D", "four"), ("E", "five"),
    ]  # fmt: skip


def test_more_than_ten_options_keep_their_letters() -> None:
    question = parse_question("Which?\n" + "\n".join(f"{letter}) text {letter}" for letter in LETTERS[:15]))
    assert [option.text for option in question.options] == [f"text {letter}" for letter in LETTERS[:15]]
    assert question.labels == tuple(LETTERS[:15])


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("下列哪项是屈光介质？A角膜 B巩膜 C虹膜 D脉络膜", ["角膜", "巩膜", "虹膜", "脉络膜"]),
        ("下列哪项是屈光介质？\nA角膜\nB巩膜\nC虹膜", ["角膜", "巩膜", "虹膜"]),
        ("屈光媒体はどれか。\nａ　角膜\nｂ　強膜\nｃ　虹彩", ["角膜", "強膜", "虹彩"]),
        ("Which one refracts?\nOption 1: cornea\nOption 2: sclera", ["cornea", "sclera"]),
    ],
)
def test_letters_with_nothing_between_them_and_their_text(text: str, options: list[str]) -> None:
    assert [option.text for option in parse_question(text).options] == options


@pytest.mark.parametrize(
    "text", ["A型肝炎、B型肝炎和C型肝炎的区别是什么？", "A型肝炎 B型肝炎 C型肝炎有什么区别？", "维生素A缺乏会怎样？"]
)
def test_letters_of_chinese_terms_mark_nothing(text: str) -> None:
    assert not parse_question(text).options
