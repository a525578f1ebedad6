"""Greetings and thanks: what is no question is met politely, and nothing is searched for it."""

from __future__ import annotations

from typing import Literal

from clara.language.text import fold, words

_GREETINGS = {
    "en": "hello|hi|hey|good morning|good afternoon|good evening|good day|hi there|hello there",
    "es": "hola|buenos días|buenas tardes|buenas noches|buenas|qué tal",
    "pt": "olá|oi|bom dia|boa tarde|boa noite|tudo bem",
    "fr": "bonjour|salut|bonsoir|coucou",
    "fil": "kumusta|kamusta|magandang umaga|magandang hapon|magandang gabi|magandang araw",
    "hi": "नमस्ते|नमस्कार|हैलो|namaste|namaskar",
    "zh": "你好|您好|早上好|下午好|晚上好|嗨",
}
_THANKS = {
    "en": "thanks|thank you|thank you very much|thanks a lot|many thanks|ok thanks|okay thank you|great thanks|thx|cheers",
    "es": "gracias|muchas gracias|mil gracias|vale gracias|ok gracias|perfecto gracias",
    "pt": "obrigado|obrigada|muito obrigado|muito obrigada|ok obrigado|valeu",
    "fr": "merci|merci beaucoup|merci bien|d'accord merci|ok merci|parfait merci",
    "fil": "salamat|maraming salamat|salamat po|maraming salamat po|ok salamat",
    "hi": "धन्यवाद|शुक्रिया|बहुत धन्यवाद|बहुत बहुत धन्यवाद|dhanyavad|shukriya|bahut dhanyavad",
    "zh": "谢谢|谢谢你|谢谢您|多谢|非常感谢|好的谢谢",
}
"""Language code to phrases; in the field of the kind its message of the catalogue answers."""

Kind = Literal["greeted", "thanked"]


def _by_words() -> dict[tuple[str, ...], tuple[Kind, str]]:
    table: dict[tuple[str, ...], tuple[Kind, str]] = {}
    kinds: tuple[tuple[Kind, dict[str, str]], ...] = (("greeted", _GREETINGS), ("thanked", _THANKS))
    for kind, phrases in kinds:
        for language, texts in phrases.items():
            for text in texts.split("|"):
                table.setdefault(tuple(words(fold(text))), (kind, language))
    return table


_MEANINGS = _by_words()


def courtesy(text: str) -> tuple[Kind, str] | None:
    """The message that answers a text which only greets or thanks, and the text's language; else None."""
    return _MEANINGS.get(tuple(words(fold(text))))
