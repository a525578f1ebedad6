"""LangChain's client of the OpenAI protocol."""

from __future__ import annotations

from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from clara.language.messages import say
from tests.service.conftest import Running


async def test_chat_openai_asks_and_streams(embedded: Running) -> None:
    model = ChatOpenAI(model="clara", base_url=f"{embedded.url}/v1", api_key=SecretStr("unused"), max_retries=0)
    whole = await model.ainvoke("¿Qué capa de la córnea es la más gruesa?")
    assert say("sources", "es") in str(whole.content)
    pieces = [str(piece.content) async for piece in model.astream("¿Qué capa de la córnea es la más gruesa?")]
    assert "".join(pieces).strip() == str(whole.content).strip()
