"""The processes behind the port: one here, or several below this one."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from functools import partial

from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess

from clara.config import Settings
from clara.errors import ClaraError
from clara.service.options import ServiceOptions
from clara.service.watching.logs import log_config

_METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""As in :mod:`clara.service.watching.metrics`, which must not be imported before the variable is set."""
_BACKLOG = 512
"""Connections that wait for a worker."""
_MOST_CONNECTIONS = 4
"""Connections for each place at the gate; those beyond get 503 from the server itself."""
_HEAD = 64 * 1024
"""Most bytes of a request's head."""
_AFTER_GRACE = 5
"""Seconds after the grace until a connection is cut."""


def serve(settings: Settings, options: ServiceOptions, *, started: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        settings: what CLARA answers with.
        options: how the service runs.
        started: receives the address when it is bound.

    Raises:
        UsageError: the address is open to others and no key is asked for.
        DataError: the file of keys or the audit log cannot be used.
        ClaraError: the address cannot be used.
    """
    options.check()
    _check_files(options)
    bound = _bind(options)
    with bound, tempfile.TemporaryDirectory(prefix="clara-metrics-") as folder:
        config = _config(settings, options)
        started(_address(options.host, bound))
        if options.workers == 1:
            Server(config).run([bound])
            return
        os.environ[_METRICS_FOLDER] = folder
        try:
            Multiprocess(config, [bound]).run()
        finally:
            del os.environ[_METRICS_FOLDER]


def _check_files(options: ServiceOptions) -> None:
    """Refuse here, in one sentence, what every worker would stumble over."""
    from clara.service.guards.keys import read_keys
    from clara.service.watching.audit import AuditLog

    if options.keys is not None:
        read_keys(options.keys)
    if options.audit is not None:
        AuditLog(options.audit)


def _config(settings: Settings, options: ServiceOptions) -> Config:
    return Config(
        partial(_application, settings, options),
        factory=True,
        workers=options.workers,
        loop="asyncio",
        http="h11",  # the one that limits the size of a request's head
        ws="none",
        lifespan="on",
        log_config=log_config(options),
        access_log=False,  # the front writes a line without the query
        proxy_headers=False,  # anybody can send them
        server_header=False,
        backlog=_BACKLOG,
        limit_concurrency=_MOST_CONNECTIONS * options.max_concurrent + 64,
        timeout_graceful_shutdown=int(options.grace) + _AFTER_GRACE,
        timeout_worker_healthcheck=60,  # loading Chroma holds a small machine's interpreter for long
        h11_max_incomplete_event_size=_HEAD,
    )


def _application(settings: Settings, options: ServiceOptions) -> object:
    """Imported by the process that serves: it is heavy, and metrics of several workers need their folder first."""
    from clara.service.app import create_app

    return create_app(settings, options)


def _bind(options: ServiceOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    bound = socket.socket(family)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((options.host, options.port))
        bound.listen(_BACKLOG)  # who connects from now on waits until a worker is there
        bound.set_inheritable(True)
    except OSError as error:
        bound.close()
        raise ClaraError(
            f"cannot listen on {options.host} port {options.port}: {error.strerror}; choose another with --host or --port"
        ) from None
    return bound


def _address(host: str, bound: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{bound.getsockname()[1]}"
