"""What ``make demo`` runs: the knowledge base, one question in each of seven languages, and a benchmark replay.

Every command is shown as it could be typed; each runs in a process of its own, as it would for you.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.setdefault("CLARA_HOME", str(ROOT / ".clara-demo")))

QUESTIONS = {
    "English": "Which eye drops can darken the iris and lengthen the eyelashes?",
    "Spanish": "¿Qué fármaco tópico reduce la producción de humor acuoso al bloquear los receptores beta?",
    "Portuguese": "Qual músculo extraocular é inervado pelo quarto nervo craniano?",
    "French": "Quelle est l'urgence devant un glaucome aigu par fermeture de l'angle ?",
    "Filipino": "Ano ang sanhi ng mapurol na lente o katarata sa matatanda?",
    "Hindi": "रेटिना डिटैचमेंट के लक्षण क्या हैं?",
    "Chinese": "糖尿病视网膜病变的主要危险因素是什么？",
}


def clara(*arguments: str) -> None:
    """Run one command, shown first."""
    print(f"\n$ clara {shlex.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "clara", *arguments], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    """The whole tour."""
    begin = time.monotonic()
    HOME.mkdir(parents=True, exist_ok=True)
    report = HOME / "report.html"
    clara("kb", "build")
    for question in QUESTIONS.values():
        clara("ask", question, "--trace")
    run = str(HOME / "runs" / f"demo-{time.strftime('%Y%m%d-%H%M%S')}")
    clara("bench", "run", "sample", "--strategy", "direct,rag,translate_rag,clara", "--out", run, "--html", str(report))
    print(f"\nDone in {time.monotonic() - begin:.0f} s. The report: {report}")
    print("Next: README.md, 'On to a real model'.")


if __name__ == "__main__":
    main()
