"""CLARA's tools for MCP clients, such as desktop assistants: ``ask`` and ``search``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from clara.agent.runner import Agent
from clara.agent.strategies import get_strategy
from clara.api import make_question
from clara.assembly import build_agent
from clara.config import Settings
from clara.errors import ClaraError, UsageError
from clara.events import Final
from clara.knowledge.base import Query
from clara.language.detection import detect_language
from clara.resources import version
from clara.service.protocol.completions import content_of

_INSTRUCTIONS = (
    "Clinical questions, ophthalmology above all, answered from sources that are cited. If an answer begins with a notice "
    "about urgent care, show it first and word for word. For information and research; not a medical device."
)


def create_server(settings: Settings, *, agent: Agent | None = None) -> MCPServer[None]:
    """The server; it opens the knowledge base when a tool is called first.

    Args:
        settings: what CLARA answers with.
        agent: replaces the one that the settings describe.
    """
    at_work = agent or build_agent(settings)

    @asynccontextmanager
    async def lifespan(_server: MCPServer[None]) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await at_work.aclose()

    server: MCPServer[None] = MCPServer(
        "clara", title="CLARA", instructions=_INSTRUCTIONS, version=version(), lifespan=lifespan, log_level="WARNING"
    )

    async def ask(
        question: Annotated[str, Field(description="In any language; options as a) ... b) ...", max_length=8000)],
        language: Annotated[str | None, Field(description="Code or English name; left out, it is detected.")] = None,
        strategy: Annotated[str | None, Field(description="clara unless given; direct, rag, ... to compare.")] = None,
    ) -> str:
        """Answer a clinical question in its own language, with its sources below."""
        with _as_tool_errors():
            asked = make_question(question, language=language)
            answer = await at_work.run(asked, get_strategy(strategy or settings.strategy))
        return content_of(Final(answer), notice=True)

    async def search(
        text: Annotated[str, Field(description="What to look for, in any language.", max_length=8000)],
        k: Annotated[int, Field(description="Passages.", ge=1, le=20)] = 5,
    ) -> list[dict[str, Any]]:
        """Passages of the knowledge base about a text, best first."""
        with _as_tool_errors():
            return await passages_about(at_work, text, k)

    for tool in (ask, search):
        server.add_tool(tool)
    return server


@contextmanager
def _as_tool_errors() -> Generator[None]:
    """The assistant reads the message of a ToolError; that of any other exception would stay here."""
    try:
        yield
    except ClaraError as error:
        raise ToolError(str(error)) from None


async def passages_about(agent: Agent, text: str, k: int) -> list[dict[str, Any]]:
    """Passages in the shape of ``kb search --json``; the text's terms are looked up in English too.

    Raises:
        UsageError: there is no text.
        StoreError: the knowledge base cannot be used.
    """
    code = detect_language(text, agent.settings.interface_language).code
    terms = " ".join(term.english for term in agent.glossary.lookup(text, code))
    wordings = tuple(wording for wording in dict.fromkeys((text, terms)) if wording.strip())
    if not wordings:
        raise UsageError("the text is empty: say what to look for")
    passages = await agent.retriever.search(Query(wordings, kinds=agent.settings.kind_weights), k=k)
    return [passage.to_json() for passage in passages]
