"""Switches off every report that a library would send by itself.

Called before any of them is imported. The variables are set, not defaulted: a hostile or forgotten
``LANGSMITH_TRACING=true`` in the environment must not send a clinician's question anywhere.
"""

from __future__ import annotations

import os

_SILENCED = {
    "LANGSMITH_TRACING": "false",
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGCHAIN_TRACING": "false",
    "LANGCHAIN_CALLBACKS_BACKGROUND": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "CHROMA_OTEL_COLLECTION_ENDPOINT": "",
    "OTEL_SDK_DISABLED": "true",
    "POSTHOG_DISABLED": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def silence_telemetry() -> None:
    """Set the environment so that no library of CLARA's reports home; idempotent."""
    os.environ.update(_SILENCED)
    for name in ("LANGSMITH_RUNS_ENDPOINTS", "LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT"):
        os.environ.pop(name, None)


def child_environment() -> dict[str, str]:
    """The variables that a child process (vLLM, a Chroma server) needs to stay silent too."""
    return dict(_SILENCED)
