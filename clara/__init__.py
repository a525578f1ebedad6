"""CLARA: cross-lingual clinical question answering that closes the language gap at inference time.

The public names are imported when they are first used; importing this package loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clara.agent.strategies import STRATEGIES, Strategy
    from clara.api import Clara
    from clara.config import Settings, load_settings
    from clara.errors import ClaraError
    from clara.events import Final, Notice, Retry, StepFinished, StepStarted, Token
    from clara.types import Answer, Citation, Option, Passage, Question, TraceStep, Usage, Verdict

    __version__: str

__all__ = [
    "STRATEGIES",
    "Answer",
    "Citation",
    "Clara",
    "ClaraError",
    "Final",
    "Notice",
    "Option",
    "Passage",
    "Question",
    "Retry",
    "Settings",
    "StepFinished",
    "StepStarted",
    "Strategy",
    "Token",
    "TraceStep",
    "Usage",
    "Verdict",
    "__version__",
    "load_settings",
]

_HOMES = {
    "clara.agent.strategies": ("STRATEGIES", "Strategy"),
    "clara.api": ("Clara",),
    "clara.config": ("Settings", "load_settings"),
    "clara.errors": ("ClaraError",),
    "clara.events": ("Final", "Notice", "Retry", "StepFinished", "StepStarted", "Token"),
    "clara.types": ("Answer", "Citation", "Option", "Passage", "Question", "TraceStep", "Usage", "Verdict"),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from clara.resources import version

        value: Any = version()
    elif name in _MODULE_OF:
        value = getattr(import_module(_MODULE_OF[name]), name)
    else:
        raise AttributeError(f"module 'clara' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
