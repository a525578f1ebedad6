"""The first words with the servers: are they there, do they have the model, how long is its context."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from clara.backbone.base import BackboneInfo
from clara.backbone.servers.listing import first_name, listed_models, listed_name, some_of
from clara.backbone.servers.replicas import Replica
from clara.backbone.servers.retry import pause
from clara.backbone.servers.servers import ModelServers
from clara.errors import BackboneError, BackboneRefused, BackboneUnreachable


async def greet(servers: ModelServers, wanted: str | None, retries: int) -> BackboneInfo:
    """Ask every server for its models; those that cannot be reached are put aside, unless it is all of them.

    Args:
        servers: the replicas.
        wanted: the model's name; None takes the first that the first server names.
        retries: times to try again while none answers.

    Raises:
        BackboneError: no server answers, one refuses, or one does not have the model.
    """
    answers = await _greet_all(servers, wanted)
    for attempt in range(retries):
        if any(not isinstance(answer, BackboneError) for answer in answers.values()):
            break
        await asyncio.sleep(pause(attempt))
        answers = await _greet_all(servers, wanted)
    failed = {replica: answer for replica, answer in answers.items() if isinstance(answer, BackboneError)}
    if len(failed) == len(answers):
        raise next(iter(failed.values()))
    for replica in failed:
        servers.pool.put_aside(replica)
    return _agreed([answer for answer in answers.values() if not isinstance(answer, BackboneError)], wanted)


_BUILD = ("root", "parent", "digest", "meta")
"""Fields of a ``/v1/models`` entry that say which model it is: the path of vLLM, the digest or figures of others. Not
``created``, in which vLLM and llama.cpp give the time of the question."""

_NO_LIST = (404, 405, 501)
"""Statuses of a server that has no ``/v1/models``."""

Met = tuple[Replica, list[dict[str, Any]], str]
"""A server, its models, its name and version."""


async def _greet_all(servers: ModelServers, wanted: str | None) -> dict[Replica, Met | BackboneError]:
    """Raises: BackboneError: a server refuses, which no waiting changes."""
    replicas = servers.pool.replicas
    answers = await asyncio.gather(*(_greet_one(servers, replica, wanted) for replica in replicas))
    for answer in answers:
        if isinstance(answer, BackboneError) and not answer.retryable:
            raise answer
    return dict(zip(replicas, answers, strict=True))


async def _greet_one(servers: ModelServers, replica: Replica, wanted: str | None) -> Met | BackboneError:
    try:
        models = await _listed(servers, replica)
    except BackboneError as error:
        if wanted is None or error.status not in _NO_LIST:
            return error
        return await _met_without_list(servers, replica, wanted)
    if not await servers.liveness.healthy(replica):
        message = f"the engine of the model server at {replica.shown} is dead (/health): start it again"
        return BackboneUnreachable(message, url=replica.shown)
    return replica, models, await _version(servers, replica)


async def _listed(servers: ModelServers, replica: Replica) -> list[dict[str, Any]]:
    """The models of a server, at the first base of its address that has a list.

    Raises:
        BackboneError: none has one, or the server cannot be reached.
    """
    errors: list[BackboneError] = []
    for base in replica.bases:
        replica.base = base
        try:
            return listed_models(await servers.get(replica, "/v1/models"))
        except BackboneError as error:
            if error.status is None or (error.status not in _NO_LIST and not _is_page(error)):
                raise
            errors.append(error)
    replica.base = replica.bases[0]
    raise errors[0]


def _is_page(error: BackboneError) -> bool:
    """True for a success that is no JSON: the page of another service at the same address."""
    return error.status is not None and 200 <= error.status < 300


async def _met_without_list(servers: ModelServers, replica: Replica, wanted: str) -> Met:
    """A server without a list of models is taken at the user's word, at the base where there are chat completions."""
    for base in replica.bases:
        replica.base = base
        if await servers.liveness.has_chat(replica, wanted):
            break
    else:
        replica.base = replica.bases[0]
    return replica, [{"id": wanted}], ""


async def _version(servers: ModelServers, replica: Replica) -> str:
    """What ``/version`` says, which vLLM has and others need not."""
    try:
        version: Any = (await servers.get(replica, "/version")).get("version")
    except BackboneError:
        return ""
    if isinstance(version, str):
        return f"vLLM {version}"
    return ""


def _agreed(met: list[Met], wanted: str | None) -> BackboneInfo:
    model, lengths, builds = wanted, list[int](), set[str]()
    for replica, entries, _ in met:
        names = [entry["id"] for entry in entries]
        model = model or first_name(names)
        if model is None:
            raise BackboneRefused(f"the model server at {replica.shown} serves no model", url=replica.shown)
        name = listed_name(model, names)
        if name is None:
            message = f"the model server at {replica.shown} has no model {model!r}; it has: {some_of(names, model)}"
            raise BackboneRefused(message, url=replica.shown)
        entry = entries[names.index(name)]
        build = {name: entry[name] for name in _BUILD if entry.get(name)}
        if build:
            builds.add(json.dumps(build, sort_keys=True))
        length = entry.get("max_model_len")
        if isinstance(length, int):
            lengths.append(length)
    return BackboneInfo(
        kind="openai",
        model=str(model),
        uses_model=True,
        server=", ".join(sorted({name for _, _, name in met if name})),
        context_length=min(lengths, default=None),
        build=" ".join(sorted(builds)),
    )
