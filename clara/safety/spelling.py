"""One key for the ways in which people type a word of a language: doubled letters, sounds, missing letters of Hindi."""

from __future__ import annotations

import re
from functools import lru_cache

from clara.language.translit import devanagari_to_latin

_SHARED = ((r"([^\W\d])\1+", r"\1"),)
_RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (("ph", "f"), *_SHARED),
    "es": (
        ("ll", "y"),
        ("qu(?=[ei])", "k"),
        ("v", "b"),
        ("z|c(?=[ei])", "s"),
        ("c(?!h)", "k"),
        ("(?<!c)h", ""),
        ("g(?=[ei])", "j"),
        *_SHARED,
    ),
    "pt": (("ph", "f"), ("qu(?=[ei])", "k"), ("c(?=[eiy])", "s"), ("^n(?:aum|aun|ao|um|ãm|am|ñ)$", "n"), *_SHARED),
    "fr": (
        ("^j(?=[^aeiouyh\\W])|^d(?=un$)", ""),
        ("ph", "f"),
        ("oeu?i+l+e?|eui+l+e?|oe", "oeil"),
        ("qu", "k"),
        ("c(?=[eiy])", "s"),
        ("eau|au", "o"),
        (r"(?<=\w{4})(?:aient|ait|ais|ez|er|ee|es|e|s|t)$", ""),
        *_SHARED,
    ),
    "fil": (("ph", "f"), *_SHARED),
    "hi": (
        ("chh", "ch"),
        ("sh", "s"),
        ("ph", "f"),
        ("[wv]", "v"),
        ("[zj]", "j"),
        ("e[iy]", "e"),
        ("ee|ii", "i"),
        ("oo|uu", "u"),
        ("aa", "a"),
        ("(?<=[kgcjtdpb])h", ""),
        ("ksh|x", "ks"),
        ("ai$", "ayi"),
        ("a(?=[hy][aeiou])", ""),
        ("(?<=[aeiou])[nm](?=[^aeiouy]|$)", ""),
        (r"(?<=[aeiou][^aeiou\W])a(?=[^aeiou\W][aeiou])", ""),
        *_SHARED,
    ),
    "zh": (),
    "zh-Latn": (("v", "u"),),
}
_COMPILED = {code: tuple((re.compile(old), new) for old, new in rules) for code, rules in _RULES.items()}
_TRADITIONAL = str.maketrans(
    "見視覺壓瞼腫發燒熱顏黃剛過開術後針藥濺進強鹼氫氧處鐵絲釘劃顆紅點閃飛蚊雙複頭噁漿糊麼東們這個媽爺藍無沒來時間樣還轉動膿産產嬰兒臉嘔壞夾灑髮劑潔廁燈濁濃霧"
    "體現際幾鐘傷爛彈鏡讓邊條魚鉤擊裡裏嗎誰為麻瘋鬆軟區廣斷離幀幹驚聽説說話嘴脹顧滿買賣錢給對門聞問題應該寫寶醫",
    "见视觉压睑肿发烧热颜黄刚过开术后针药溅进强碱氢氧处铁丝钉划颗红点闪飞蚊双复头恶浆糊么东们这个妈爷蓝无没来时间样还转动脓产产婴儿脸呕坏夹洒发剂洁厕灯浊浓雾"
    "体现际几钟伤烂弹镜让边条鱼钩击里里吗谁为麻疯松软区广断离帧干惊听说说话嘴胀顾满买卖钱给对门闻问题应该写宝医",
)


@lru_cache(maxsize=65536)
def key(word: str, language: str) -> str:
    """The key of one folded word in one of the languages of ``words``; Hindi in both scripts has the same."""
    if language == "zh":
        return word.translate(_TRADITIONAL)
    if language == "hi":
        word = devanagari_to_latin(word)
    for pattern, new in _COMPILED[language]:
        word = pattern.sub(new, word)
    return word
