"""A data set and a model of one's own: every answer as a data frame, and a run that is read again later."""

from __future__ import annotations

import tempfile
from pathlib import Path

from clara.bench import Results, evaluate
from clara.tasks.model import AnswerIn, ChoiceOut, LocalizeOut
from clara.testing import ScriptedBackbone

QUESTIONS = """id,english,french,answer
1,"Which nerve carries vision? a) optic b) facial","Quel nerf porte la vision ? a) optique b) facial",A
2,"What bends light? a) sclera b) cornea","Qu'est-ce qui dévie la lumière ? a) sclère b) cornée",B
"""


def first_option(task: AnswerIn) -> ChoiceOut:
    """A model that always takes the first option; any class with the methods of clara.backbone.base.Backbone will do."""
    return ChoiceOut(reasoning="", citations=(), label=task.options[0].label, confidence=0.5)


def main() -> None:
    """Evaluate, and read the folder again as another process would."""
    model = ScriptedBackbone().always("answer_choice", first_option).always("localize", LocalizeOut(answer="A"))
    with tempfile.TemporaryDirectory() as scratch:
        data, folder = Path(scratch) / "own.csv", Path(scratch) / "run"
        data.write_text(QUESTIONS, encoding="utf-8")
        evaluate(data, models={"first option": model}, strategies=["direct"], folder=folder)
        answers = Results.read([folder]).to_pandas().sort_values(["id", "language"])
    print(answers[["language", "id", "gold", "label", "outcome"]].to_string(index=False))


if __name__ == "__main__":
    main()
