"""Languages: codes, names, scripts and aliases.

A language is given as an ISO 639-1 or 639-3 code or an English name; ``tl``, ``fil``, ``tagalog`` and ``filipino`` are one
language. Detection is in :mod:`clara.language.detection`.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from clara.errors import UnknownLanguage


@dataclass(frozen=True, slots=True)
class Language:
    """One language."""

    code: str
    """ISO 639-1 where there is one, else 639-3; ``fil`` for Filipino."""
    name: str
    """English name, capitalised."""
    native: str
    """Its name in the language itself."""
    script: str
    """ISO 15924 code of the usual script."""
    aliases: tuple[str, ...] = ()
    """Other codes and names, lower case."""


_TABLE = (
    Language("en", "English", "English", "Latn", ("eng",)),
    Language("es", "Spanish", "español", "Latn", ("spa", "castilian")),
    Language("pt", "Portuguese", "português", "Latn", ("por", "pt-br")),
    Language("fr", "French", "français", "Latn", ("fra", "fre")),
    Language("fil", "Filipino", "Filipino", "Latn", ("tl", "tgl", "tagalog")),
    Language("hi", "Hindi", "हिन्दी", "Deva", ("hin",)),
    Language("zh", "Chinese", "中文", "Hans", ("zho", "chi", "cmn", "mandarin", "zh-cn", "zh-hans")),
    Language("am", "Amharic", "አማርኛ", "Ethi", ("amh",)),
    Language("ar", "Arabic", "العربية", "Arab", ("ara",)),
    Language("az", "Azerbaijani", "azərbaycanca", "Latn", ("aze",)),
    Language("be", "Belarusian", "беларуская", "Cyrl", ("bel",)),
    Language("bg", "Bulgarian", "български", "Cyrl", ("bul",)),
    Language("bn", "Bengali", "বাংলা", "Beng", ("ben", "bangla")),
    Language("cs", "Czech", "čeština", "Latn", ("ces", "cze")),
    Language("da", "Danish", "dansk", "Latn", ("dan",)),
    Language("de", "German", "Deutsch", "Latn", ("deu", "ger")),
    Language("el", "Greek", "ελληνικά", "Grek", ("ell", "gre")),
    Language("et", "Estonian", "eesti", "Latn", ("est",)),
    Language("eu", "Basque", "euskara", "Latn", ("eus", "baq")),
    Language("fa", "Persian", "فارسی", "Arab", ("fas", "per", "farsi")),
    Language("fi", "Finnish", "suomi", "Latn", ("fin",)),
    Language("gu", "Gujarati", "ગુજરાતી", "Gujr", ("guj",)),
    Language("ha", "Hausa", "Hausa", "Latn", ("hau",)),
    Language("he", "Hebrew", "עברית", "Hebr", ("heb",)),
    Language("hr", "Croatian", "hrvatski", "Latn", ("hrv",)),
    Language("hu", "Hungarian", "magyar", "Latn", ("hun",)),
    Language("hy", "Armenian", "հայերեն", "Armn", ("hye", "arm")),
    Language("id", "Indonesian", "Bahasa Indonesia", "Latn", ("ind",)),
    Language("ig", "Igbo", "Igbo", "Latn", ("ibo",)),
    Language("it", "Italian", "italiano", "Latn", ("ita",)),
    Language("ja", "Japanese", "日本語", "Jpan", ("jpn",)),
    Language("ka", "Georgian", "ქართული", "Geor", ("kat", "geo")),
    Language("kk", "Kazakh", "қазақша", "Cyrl", ("kaz",)),
    Language("km", "Khmer", "ខ្មែរ", "Khmr", ("khm",)),
    Language("kn", "Kannada", "ಕನ್ನಡ", "Knda", ("kan",)),
    Language("ko", "Korean", "한국어", "Kore", ("kor",)),
    Language("ky", "Kyrgyz", "кыргызча", "Cyrl", ("kir",)),
    Language("lo", "Lao", "ລາວ", "Laoo", ("lao",)),
    Language("lt", "Lithuanian", "lietuvių", "Latn", ("lit",)),
    Language("mg", "Malagasy", "malagasy", "Latn", ("mlg",)),
    Language("mk", "Macedonian", "македонски", "Cyrl", ("mkd", "mac", "north macedonian")),
    Language("ml", "Malayalam", "മലയാളം", "Mlym", ("mal",)),
    Language("mr", "Marathi", "मराठी", "Deva", ("mar",)),
    Language("ms", "Malay", "Bahasa Melayu", "Latn", ("msa", "may")),
    Language("my", "Burmese", "မြန်မာ", "Mymr", ("mya", "bur")),
    Language("ne", "Nepali", "नेपाली", "Deva", ("nep",)),
    Language("nl", "Dutch", "Nederlands", "Latn", ("nld", "dut")),
    Language("no", "Norwegian", "norsk", "Latn", ("nor", "nb", "nob")),
    Language("ny", "Chichewa", "Chichewa", "Latn", ("nya", "nyanja")),
    Language("pa", "Punjabi", "ਪੰਜਾਬੀ", "Guru", ("pan",)),
    Language("pl", "Polish", "polski", "Latn", ("pol",)),
    Language("ro", "Romanian", "română", "Latn", ("ron", "rum")),
    Language("ru", "Russian", "русский", "Cyrl", ("rus",)),
    Language("si", "Sinhala", "සිංහල", "Sinh", ("sin",)),
    Language("sn", "Shona", "chiShona", "Latn", ("sna",)),
    Language("so", "Somali", "Soomaali", "Latn", ("som",)),
    Language("sq", "Albanian", "shqip", "Latn", ("sqi", "alb")),
    Language("sr", "Serbian", "српски", "Cyrl", ("srp",)),
    Language("sv", "Swedish", "svenska", "Latn", ("swe",)),
    Language("sw", "Swahili", "Kiswahili", "Latn", ("swa",)),
    Language("ta", "Tamil", "தமிழ்", "Taml", ("tam",)),
    Language("te", "Telugu", "తెలుగు", "Telu", ("tel",)),
    Language("th", "Thai", "ไทย", "Thai", ("tha",)),
    Language("tr", "Turkish", "Türkçe", "Latn", ("tur",)),
    Language("uk", "Ukrainian", "українська", "Cyrl", ("ukr",)),
    Language("ur", "Urdu", "اردو", "Arab", ("urd",)),
    Language("uz", "Uzbek", "oʻzbekcha", "Latn", ("uzb",)),
    Language("vi", "Vietnamese", "Tiếng Việt", "Latn", ("vie",)),
    Language("wo", "Wolof", "Wolof", "Latn", ("wol",)),
    Language("yo", "Yoruba", "Yorùbá", "Latn", ("yor",)),
    Language("zu", "Zulu", "isiZulu", "Latn", ("zul",)),
)

LANGUAGES: dict[str, Language] = {language.code: language for language in _TABLE}
"""Code to language."""

SEVEN: tuple[str, ...] = ("en", "es", "pt", "fr", "fil", "hi", "zh")
"""The languages of Multi-OphthaLingua; the embedded profile covers exactly these."""

_BY_NAME: dict[str, Language] = {}
for _language in _TABLE:
    _names = (_language.code, _language.name.lower(), _language.native.lower(), *_language.aliases)
    _BY_NAME.update(dict.fromkeys(_names, _language))


def find_language(text: str) -> Language | None:
    """The language that a code or name means, or None."""
    return _BY_NAME.get(text.strip().lower().replace("_", "-"))


def language_name(code: str) -> str:
    """The English name of a language; the code itself where CLARA does not know it."""
    if code not in LANGUAGES:
        return code
    return LANGUAGES[code].name


def get_language(text: str) -> Language:
    """The language that a code or name means.

    Raises:
        UnknownLanguage: there is none; the message suggests the nearest.
    """
    language = find_language(text)
    if language is None:
        hint = "give an ISO 639 code or an English name, for example hi or hindi"
        for near in difflib.get_close_matches(text.strip().lower(), _BY_NAME, n=1):
            hint = f"did you mean {near}?"
        raise UnknownLanguage(f"unknown language {text!r}; {hint}")
    return language
