"""How an answer looks in a notebook: HTML that holds nothing from outside but text."""

from __future__ import annotations

import sys
from html import escape

from clara.language.messages import catalogue, is_search, say, verdict_key
from clara.types import Answer


def show_in_notebooks() -> None:
    """Let IPython, where it runs, show answers as HTML; without effect elsewhere."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        shell.display_formatter.formatters["text/html"].for_type(Answer, answer_html)


def answer_html(answer: Answer) -> str:
    """The notice, the question with its options, the answer, its sources, the verdict and the warnings."""
    from markdown_it import MarkdownIt

    language = answer.language
    parts: list[str] = []
    if answer.notice:
        parts.append(f'<p style="border-left:4px solid #b00;padding-left:.6em"><b>{escape(answer.notice)}</b></p>')
    parts.append(f"<p><b>{escape(answer.question.text)}</b></p>")
    for option in answer.question.options:
        text = f"{escape(option.label)}) {escape(option.text)}"
        is_chosen = option.label == answer.label and not is_search(answer)
        parts.append(f"<div>{f'<b>{text}</b>' if is_chosen else text}</div>")
    parts.append(MarkdownIt("commonmark", {"html": False}).disable(["image", "link", "autolink"]).render(answer.answer))
    if answer.citations:
        parts.append(f"<p>{escape(say('sources', language))}</p><ol>")
        for citation in answer.citations:
            quote = f"<br><i>“{escape(citation.quote)}”</i>" if citation.quote else ""
            parts.append(f"<li><b>{escape(citation.title)}</b> {escape(citation.source)}{quote}</li>")
        parts.append("</ol>")
    known = catalogue(language)
    verdict = verdict_key(answer)
    notes = [known.get(code, code) for code in answer.warnings]
    if verdict:
        notes.insert(0, say(verdict, language))
    parts += [f"<div><small>{escape(note)}</small></div>" for note in (*notes, say("not_a_device", language))]
    return f'<div lang="{escape(language)}" dir="auto">{"".join(parts)}</div>'
