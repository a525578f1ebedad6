"""A real MCP client starts ``clara mcp`` and calls its tools."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from clara.config import Settings
from clara.knowledge.glossary import TermGlossary
from clara.language.messages import say
from clara.language.questions import parse_question
from clara.privacy import child_environment
from clara.safety import urgent_notice
from clara.service.mcp import create_server
from tests.chat.fakes import scripted
from tests.service.conftest import home_with


async def test_a_desktop_assistant_asks_and_searches(built_home: Path, tmp_path: Path) -> None:
    home = home_with(built_home, tmp_path / "home")
    environ = {"PATH": os.environ["PATH"], "CLARA_HOME": str(home), **child_environment()}
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "clara", "mcp"], env=environ)
    async with Client(stdio_client(parameters)) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"ask", "search"}
        assert "question" in tools["ask"].input_schema["required"]
        reply = await client.call_tool("ask", {"question": "¿Qué capa de la córnea es la más gruesa?"})
        assert say("sources", "es") in str(reply.content)
        passages = await client.call_tool("search", {"text": "queratitis por acanthamoeba", "k": 2})
        assert "canthamoeba" in str(passages.content)
        wrong = await client.call_tool("ask", {"question": "  "})
        assert wrong.is_error
        assert "the question is empty" in str(wrong.content)


@pytest.mark.parametrize("question", ["Drain cleaner got into my eye just now", "Quicklime dust flew into both eyes"])
async def test_what_is_urgent_comes_first(glossary: TermGlossary, question: str) -> None:
    agent, _ = scripted(glossary)
    settings = Settings.plain(strategy="direct")
    async with Client(create_server(settings, agent=agent)) as client:
        reply = await client.call_tool("ask", {"question": question, "strategy": "direct"})
    text = reply.content[0].text  # type: ignore[union-attr]
    assert text.startswith(f"**{urgent_notice(parse_question(question))}**")
