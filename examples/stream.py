"""Watch the agent work: every step as it starts and ends, every retry, and the answer last."""

from __future__ import annotations

import asyncio

from clara import Clara, Final, Retry, StepFinished

QUESTION = "Quel est le traitement du glaucome aigu par fermeture de l'angle ?"


async def main() -> None:
    """The same events feed the chat and the benchmark."""
    async with Clara() as clara:
        async for event in clara.astream(QUESTION):
            if isinstance(event, StepFinished):
                print(f"round {event.round}  {event.step:<9} {event.seconds * 1000:7.1f} ms")
            elif isinstance(event, Retry):
                print(f"another round: {event.reason}")
            elif isinstance(event, Final):
                print(event.answer.answer)


if __name__ == "__main__":
    asyncio.run(main())
