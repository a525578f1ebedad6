"""The letter of a free reply, in one place for ``ask`` and ``bench``: what commits, what only names, what rejects."""

from __future__ import annotations

import pytest

from clara.language.replies.reader import read_letter
from clara.types import Option

VESSELS = ("Aorta", "Carotid artery", "Portal vein", "Renal artery")


def read(reply: str, *texts: str) -> str:
    options = [Option(label, text) for label, text in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", texts or VESSELS, strict=False)]
    reading = read_letter(reply, options)
    return reading.letter or reading.kind


@pytest.mark.parametrize(
    "reply",
    [
        "C\n\nIt drains the gut.",
        "C\nComentario: drena el intestino.",
        "C\nশুধু এটিই অন্ত্র থেকে রক্ত নেয়।",
        "C\\n\\n",
        "C###Reason: it drains the gut",
        "C) Portal vein. The aorta (A) carries arterial blood.",
        "[C] portal vein",
        "c. portal vein",
        "C - it drains the gut",
        "C, which drains the gut.",
        "C i.e. the portal vein",
        "Option C: portal vein",
        "C. The rest are wrong and C is the best choice:\n\nA. Although it is large, it is an artery.",
    ],
)
def test_a_letter_first_and_the_reason_after(reply: str) -> None:
    assert read(reply) == "C"


@pytest.mark.parametrize(
    "reply",
    [
        "The answer is C. Arteries carry blood away, hence option D is wrong.",
        "C is the correct answer. The remaining choices are not right:\nA. too large\nB. in the neck",
        "Die Lösung ist C. Die Aussagen A und B sind nicht korrekt.",
        "La respuesta es la C. Por eso la alternativa D es falsa.",
        "A resposta certa é a C. Logo, a opção A está errada.",
        "La réponse exacte est la C ; ainsi, la proposition B est fausse.",
        "Ang sagot ay C. Samakatuwid, mali ang D.",
        "उत्तर C है। अतः विकल्प D ग़लत है।",
        "故选C。所以选项A是错误的。",
        "الإجابة هي C. وبالتالي الخيار A غير صحيح.",
        "Ответ: C. Значит, вариант A неправильный.",
        "答えはCです。よってAは不適切です。",
        "정답은 C입니다. 그러므로 D는 오답입니다.",
        "La risposta esatta è C, dunque l'opzione B è sbagliata.",
        "Cevap C'dir. Bu nedenle A yanlıştır.",
        "Jawabannya adalah C. Jadi pilihan B salah.",
        "Đáp án là C. Do đó phương án A sai.",
        "ดังนั้น ข้อ A ไม่ถูกต้อง คำตอบคือ C",
        "Η απάντηση είναι η C. Άρα η επιλογή Α είναι λάθος.",
        "(Choice D) is incorrect; the best answer is C.",
        "Rule out A. Neither B nor D can be correct. That leaves C as the answer: C.",
    ],
)
def test_a_rejected_option_is_no_answer_in_any_language(reply: str) -> None:
    assert read(reply) == "C"


@pytest.mark.parametrize(
    "reply",
    [
        "Therefore, option B is false.",
        "Portanto, a alternativa A está incorreta.",
        "Option D can be eliminated.",
        "The answer is not B.",
        "The answer cannot be A.",
        "The incorrect ones are: A, B.",
        "None of these is right: A.",
        "A or C",
        "B and D",
        "The answer is A, B or D.",
        "If the liver failed, the answer would be D.",
    ],
)
def test_what_only_rejects_or_wavers_names_no_answer(reply: str) -> None:
    assert read(reply) == "unparsed"


@pytest.mark.parametrize(
    "reply",
    [
        "D-dimer should be measured.",
        "B cells make antibodies.",
        "C-reactive protein rises first.",
        "The patient needs vitamin A",
        "She has hepatitis C.",
        "E. coli grows in the urine.",
        "A. fumigatus is found.",
        "C. difficile was cultured.",
        "A patient like this needs surgery.",
        "The answer is A matter of debate.",
        "Group B streptococci are the cause",
        "B12 is low",
    ],
)
def test_a_letter_that_belongs_to_a_word_is_none(reply: str) -> None:
    assert read(reply) == "unparsed"


def test_an_option_whose_text_begins_with_a_letter_is_found_by_its_text() -> None:
    assert read("The answer is D-dimer.", "Troponin", "CRP", "D-dimer", "BNP") == "C"
    assert read("B cells", "T cells", "NK cells", "B cells") == "C"
    assert read("The correct answer is vitamin A.", "Vitamin C", "Vitamin A", "Vitamin D") == "B"
    assert read("C. trachomatis", "E. coli", "H. influenzae", "S. aureus", "C. trachomatis") == "D"
    assert read("D. E. coli", "C. albicans", "P. aeruginosa", "S. aureus", "E. coli") == "D"


@pytest.mark.parametrize(
    "reply",
    [
        '{"step_by_step_thinking": "Not A.", "answer_choice": "C"}',
        '{"step_by_step_thinking": "Not A.", "answer_choice": "C. Portal vein"}',
        '{"Final Answer": "(C)"}',
        '{"answer": {"letter": "C"}, "confidence": "high"}',
        '{"choices": [], "answer": ["C"]}',
        "{'label': 'C', 'reason': 'the answer is A',}",
        '{"label": "A"}\nOn reflection:\n{"label": "C"}',
        '{"C": "Portal vein"}',
        "<answer>C</answer>",
        "My draft: A.\n<final_answer>Portal vein</final_answer>",
        r"Thus $\boxed{\textbf{(C)}}$.",
        r"\boxed{A} would be hasty; \boxed{C. Portal vein}",
        "<seed:think>The answer is A.</seed:think>C",
    ],
)
def test_the_last_committed_form_counts(reply: str) -> None:
    assert read(reply) == "C"


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("The answer is A. Wait, actually it is option C.", "C"),
        ("At first glance the answer is B. The final answer is C.", "C"),
        ("The correct answer is C. In children, B is also correct.", "C"),
        ("A) Incorrect.\nB) Incorrect.\nC) Correct.\nD) Incorrect.", "C"),
        ("A. Aorta\nB. Carotid artery\nC. Portal vein\nD. Renal artery", "unparsed"),
        ("A. Aorta\n\nExplanation: it is the largest.\n\nB. smaller\nC. a vein", "A"),
        ("Not A but C.", "C"),
        ("The answer is C, not B.", "C"),
        ("**Answer**:\n\n**C. Portal vein**", "C"),
    ],
)
def test_the_last_word_counts_and_a_list_is_none(reply: str, letter: str) -> None:
    assert read(reply) == letter


@pytest.mark.parametrize("label", ["K", "P", "Z"])
def test_options_go_to_the_end_of_the_alphabet(label: str) -> None:
    texts = [f"text {number}" for number in range(26)]
    assert read(f"The answer is {label}.", *texts) == label
    assert read(label, *texts) == label


@pytest.mark.parametrize(
    "reply",
    [
        "উত্তর হলো C", "Správná odpověď je C.", "Det korrekte svar er C.", "پاسخ درست گزینهٔ C است.", "Oikea vastaus on C.",
        "התשובה היא C", "A helyes válasz: C", "Jawapan yang betul ialah C.", "योग्य उत्तर C आहे.", "Het juiste antwoord is C.",
        "Prawidłowa odpowiedź to C.", "Varianta corectă este C.", "Тачан одговор је C.", "Rätt svar är C.", "Jibu ni C.",
        "సమాధానం: C", "கேள்விக்கான சரியான விடை C", "Правильна відповідь: C", "درست جواب C ہے۔", "Câu trả lời đúng là C.",
        "Ìdáhùn tó tọ́ ni C.", "Impendulo elungile ngu C.", "Amsar daidai ita ce C.",
    ],
)  # fmt: skip
def test_languages_of_the_named_data_sets(reply: str) -> None:
    assert read(reply) == "C"


NONE = (Option("A", "Cornea"), Option("B", "Lens"), Option("C", "None of the above"))


@pytest.mark.parametrize(
    "text",
    ["Correct option: (C) None of the above", "So it is C. None of the above.", "The answer is C (none of the above)"],
)
def test_an_option_that_denies_the_others_does_not_reject_itself(text: str) -> None:
    assert read_letter(text, NONE).letter == "C"


def test_a_change_of_mind_within_a_sentence_counts() -> None:
    assert read_letter("At first A looked right, but on reflection B is correct.", NONE).letter == "B"


@pytest.mark.parametrize(
    "text",
    [
        "Верният отговор е B",
        "Teisingas atsakymas: B",
        "Jawaabta saxda ah waa B",
        "ትክክለኛው መልስ B ነው",
        "Туура жооп: B",
        "Ny valiny marina dia B",
        "Yankho lolondola ndi B",
        "Mhinduro yakarurama ndi B",
        "Õige vastus on B",
        "სწორი პასუხია B",
    ],
)
def test_commitments_of_the_newer_languages_are_understood(text: str) -> None:
    assert read_letter(text, NONE).letter == "B"
