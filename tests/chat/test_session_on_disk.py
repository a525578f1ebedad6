"""What a conversation leaves on disk: its rows, nothing of what was undone or failed, damaged files, the export."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import aclosing, closing, nullcontext
from pathlib import Path

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from clara.chat.export import as_markdown, save
from clara.chat.session import ChatSession
from clara.chat.store import FILE, open_store
from clara.chat.turns import Turn
from clara.errors import BackboneUnreachable, DataError, UsageError
from clara.knowledge.glossary import TermGlossary
from clara.tasks.model import CondenseOut
from clara.types import Answer
from tests.chat.fakes import scripted, settings
from tests.chat.test_session import said


def _on_disk() -> bytes:
    """Every byte of the file of conversations and its side files, as they lie there now."""
    return b"".join(path.read_bytes() for path in (settings().home / "conversations").iterdir())


def _rewrite(conversation: str, turn: object) -> None:
    """Put something else into the rows of a conversation."""
    with sqlite3.connect(settings().home / "conversations" / FILE) as file:
        file.execute("update turns set turn = ? where conversation = ?", (json.dumps(turn), conversation))


async def test_a_turn_is_answered_and_kept_in_one_row(glossary: TermGlossary) -> None:
    agent, _ = scripted(glossary)
    async with ChatSession(settings(), agent=agent) as session:
        for question in ("Which layer of the cornea is thickest?", "Which layer of the cornea is thickest again?"):
            await said(session, question) if not session.turns else [e async for e in session.retry()]
        name = session.id
    path = settings().home / "conversations" / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(path) as file:
        assert file.execute("select conversation, count(*) from turns group by conversation").fetchall() == [(name, 1)]
    with open_store(settings().home / "conversations") as store:
        (turn,) = store.load(name)
    assert turn.answer is not None
    assert (turn.asked, turn.answer.answer, turn.strategy) == (
        "Which layer of the cornea is thickest?",
        "The stroma. [1]",
        "rag",
    )


async def test_what_was_undone_is_nowhere_on_disk(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    async with ChatSession(settings(), agent=agent) as session:
        await said(session, "Which layer of the cornea is thickest?")
        await said(session, "Which layer of the retina is thinnest?")
        assert b"retina" in _on_disk()
        session.undo()
        assert b"retina" not in _on_disk()
        assert b"is thickest" in _on_disk()
        session.undo()
        assert b"is thickest" not in _on_disk()
        with pytest.raises(UsageError, match="no conversation"):
            session.store.find(session.id)
        await said(session, "What does the lens do in the eye?")
        assert [turn.asked for turn in session.store.load(session.id)] == ["What does the lens do in the eye?"]
    assert b"retina" not in _on_disk()
    assert b"is thickest" not in _on_disk()


@pytest.mark.parametrize("stopped", [True, False])
@pytest.mark.parametrize("earlier", [0, 1])
async def test_a_question_that_failed_or_was_stopped_is_nowhere_on_disk(
    earlier: int, stopped: bool, glossary: TermGlossary
) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    perform = backbone.perform

    async def failing(task: object, inputs: object, **more: object) -> object:
        if getattr(task, "name", "") == "answer_text" and len(session.turns) == earlier:
            if stopped:
                await asyncio.sleep(60)
            raise BackboneUnreachable("no connection to http://127.0.0.1:9")
        return await perform(task, inputs, **more)  # type: ignore[arg-type]

    async with ChatSession(settings(), agent=agent) as session:
        if earlier:
            await said(session, "Which layer of the cornea is thickest?")
        backbone.perform = failing  # type: ignore[method-assign,assignment]
        async with aclosing(session.ask("Which layer of the retina is thinnest?")) as events:
            with pytest.raises(BackboneUnreachable) if not stopped else nullcontext():
                async for event in events:
                    if stopped and getattr(event, "step", "") == "answer":
                        break
        assert b"retina" not in _on_disk()
        assert len(session.store.load(session.id)) == earlier
        assert len(session.conversations()) == earlier
    assert b"retina" not in _on_disk()
    assert (b"is thickest" in _on_disk()) == bool(earlier)


async def test_a_conversation_can_be_deleted_by_the_first_letters_of_its_id(glossary: TermGlossary) -> None:
    agent, _ = scripted(glossary)
    async with ChatSession(settings(), agent=agent) as session:
        await said(session, "Which layer of the cornea is thickest?")
        name = session.id
    with open_store(settings().home / "conversations") as store:
        store.delete(store.find(name[:5]))
        assert store.summaries() == []
    assert b"is thickest" not in _on_disk()


async def test_a_conversation_that_cannot_be_read_leaves_the_present_one(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    async with ChatSession(settings(), agent=agent) as session:
        await said(session, "Which layer of the cornea is thickest?")
        damaged = session.id
        session.clear()
        await said(session, "What does the lens do in the eye?")
        _rewrite(damaged, {"asked": "x", "answer": {}})
        with pytest.raises(DataError, match="cannot be read"):
            session.resume(damaged)
        await said(session, "Which layer of the cornea is thinnest?")
        assert [turn.asked for turn in session.turns] == [
            "What does the lens do in the eye?",
            "Which layer of the cornea is thinnest?",
        ]
        assert session.id != damaged


async def test_a_private_conversation_is_not_written(glossary: TermGlossary) -> None:
    agent, _ = scripted(glossary)
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "Which layer of the cornea is thickest?")
        assert len(session.conversations()) == 1
    assert not (settings().home / "conversations").exists()


async def test_a_damaged_file_is_reported_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database" * 100)
    with pytest.raises(DataError, match="cannot be used"), open_store(tmp_path):
        pass


@pytest.mark.parametrize("planted", [["a list"], "a text", 7, None, {"asked": "x"}, {"answer": None, "class": "Option"}])
async def test_what_was_planted_in_the_file_is_reported_and_can_be_deleted(planted: object, glossary: TermGlossary) -> None:
    agent, _ = scripted(glossary)
    async with ChatSession(settings(), agent=agent) as session:
        await said(session, "Which layer of the cornea is thickest?")
        name = session.id
    _rewrite(name, planted)
    with open_store(settings().home / "conversations") as store:
        with pytest.raises(DataError, match=f"conversation {name} cannot be read"):
            store.load(name)
        assert [summary.turns for summary in store.summaries()] == [0]
        store.delete(store.find(name))
        assert store.summaries() == []


async def test_two_chats_in_one_conversation_lose_no_turn(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    async with ChatSession(settings(), agent=agent) as one, ChatSession(settings(), agent=agent) as other:
        await said(one, "Which layer of the cornea is thickest?")
        other.resume(one.id)
        await said(one, "What does the lens do in the eye?")
        await said(other, "Which layer of the retina is thinnest?")
        one.undo()
        assert [turn.asked for turn in other.store.load(one.id)] == [
            "Which layer of the cornea is thickest?",
            "Which layer of the retina is thinnest?",
        ]


def _checkpoint_file(path: Path, turns: list[object]) -> None:
    """A file as the first versions wrote it: LangGraph checkpoints, in a write-ahead log."""
    path.parent.mkdir(parents=True)
    plain_values = JsonPlusSerializer()
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("pragma journal_mode = wal")
        file.execute("create table writes (thread_id text, value blob)")
        file.execute("create table checkpoints (thread_id text, checkpoint_id text, type text, checkpoint blob)")
        for name, state in (("old1", {"turns": turns[:1]}), ("old2", {"turns": turns})):
            written = plain_values.dumps_typed({"channel_values": state})
            file.execute("insert into checkpoints values (?, ?, ?, ?)", (name, f"1-{name}", *written))


async def test_conversations_of_the_first_versions_are_taken_over_once(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "Which layer of the cornea is thickest?")
        await said(session, "Which layer of the retina is thinnest?")
        turns = [turn.to_json() for turn in session.turns]
    path = settings().home / "conversations" / FILE
    _checkpoint_file(path, turns)
    for _ in range(2):
        with open_store(path.parent) as store:
            assert {summary.id: summary.turns for summary in store.summaries()} == {"old1": 1, "old2": 2}
            assert [turn.to_json() for turn in store.load("old2")] == turns
    with open_store(path.parent) as store:
        store.delete("old2")
    assert b"retina" not in _on_disk()
    assert b"is thickest" in _on_disk()


async def test_answers_survive_the_file_and_the_export(glossary: TermGlossary, tmp_path: Path) -> None:
    agent, _ = scripted(glossary)
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "Which layer of the cornea is thickest?")
        answer: Answer = session.last
        assert Answer.from_json(json.loads(json.dumps(answer.to_json()))).to_json() == answer.to_json()
        save(tmp_path / "c.json", session.id, session.turns, language="en")
        save(tmp_path / "c.md", session.id, session.turns, language="en")
    assert (tmp_path / "c.md").stat().st_mode & 0o777 == 0o600
    (entry,) = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["turns"]
    assert Turn.from_json(entry).to_json() == session.turns[0].to_json()
    text = (tmp_path / "c.md").read_text(encoding="utf-8")
    assert "## Which layer of the cornea is thickest?" in text
    assert "1. Cornea. A book (`cornea#0`)" in text
    assert as_markdown(session.id, session.turns) == text
    with pytest.raises(UsageError, match="exists already"):
        save(tmp_path / "c.md", session.id, session.turns, language="en")
    with pytest.raises(UsageError, match=r"\.md or \.json"):
        save(tmp_path / "c.txt", session.id, session.turns, language="en")
    for name in ("no/c.md", "a\0b.md"):
        with pytest.raises(DataError, match="Cannot write"):
            save(tmp_path / name, session.id, session.turns, language="en")
