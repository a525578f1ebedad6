from __future__ import annotations

import pytest

from clara.backbone.servers.metrics import ServerLoad, prefix_use, read_metrics, total

VLLM = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="tiny"} 3.0
vllm:num_requests_running{engine="1",model_name="tiny"} 4.0
vllm:num_requests_waiting{engine="0",model_name="tiny"} 2.0
vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 9.0
vllm:prefix_cache_queries_total{engine="0"} 200.0
vllm:prefix_cache_queries_created{engine="0"} 1.7e+09
vllm:prefix_cache_hits_total{engine="0"} 50.0
vllm:prompt_tokens_total{engine="0"} 300.0
vllm:generation_tokens_total{engine="0"} 1e+02
"""


def test_engines_of_a_server_add_up() -> None:
    load = read_metrics(VLLM)
    assert load == ServerLoad(running=7, waiting=2, prefix_hits=50, prefix_queries=200, tokens=400)
    assert load.prefix_hit_rate == 0.25


@pytest.mark.parametrize("text", ["", "<html>no</html>", "vllm:num_requests_waiting one\n"])
def test_what_is_not_told_is_none(text: str) -> None:
    assert read_metrics(text) == ServerLoad()
    assert ServerLoad().prefix_hit_rate is None


def test_servers_add_up() -> None:
    assert total([ServerLoad(running=1), ServerLoad(running=2, waiting=3), ServerLoad()]) == ServerLoad(running=3, waiting=3)
    assert total([]) == ServerLoad()


@pytest.mark.parametrize("prefix", ["llamacpp:requests_deferred 4\n", 'sglang:num_queue_reqs{model="m"} 4\n'])
def test_other_servers_queues(prefix: str) -> None:
    assert read_metrics(prefix).waiting == 4


def counted(hits: float | None, queries: float | None) -> ServerLoad:
    return ServerLoad(prefix_hits=hits, prefix_queries=queries)


def test_use_of_the_prefix_cache_is_what_the_counters_gained() -> None:
    before = {"a": counted(10, 100), "b": counted(0, 0), "restarted": counted(900, 1000), "silent": ServerLoad()}
    after = {
        "a": counted(40, 200),
        "b": counted(50, 100),
        "restarted": counted(5, 10),
        "silent": ServerLoad(),
        "new": counted(1, 1),
    }
    assert prefix_use(before, after) == (80, 200)


@pytest.mark.parametrize("end", [ServerLoad(), counted(10, 100), counted(1, 2), counted(None, 200)])
def test_use_of_the_prefix_cache_is_unknown(end: ServerLoad) -> None:
    assert prefix_use({"a": counted(10, 100)}, {"a": end}) is None
