"""Data sets of the Hugging Face hub, through the optional package ``datasets``; used only where a hub name is given."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from typing import Any

from clara.bench.datasets.files import EXTRA, Row
from clara.errors import DatasetError


def hub_rows(repository: str, config: str | None, split: str) -> list[Row]:
    """The rows of one configuration and split; downloaded once, then read from the package's own cache.

    Raises:
        DatasetError: the package is not installed, the hub cannot be reached, or the set has no such part.
    """
    try:
        library: Any = import_module("datasets")
    except ImportError:
        raise DatasetError(
            f"{repository} is a hub name, which needs the package datasets; {EXTRA}, or give a path to a local copy"
        ) from None
    library.disable_progress_bars()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its retries would come between a command's own lines
    where = f"{repository} ({config})" if config else repository
    try:
        table = _split(library, repository, config, split)
    except (OSError, ConnectionError) as error:
        raise DatasetError(
            f"cannot get {where} from the Hugging Face hub ({_short(error)}); if this machine is offline, give a path to a "
            "local copy"
        ) from None
    except (ValueError, library.exceptions.DatasetsError) as error:
        raise DatasetError(f"the hub's {where} has no usable split {split!r}: {_short(error)}") from None
    return [Row(Path(where), number, dict(values)) for number, values in enumerate(table, 1)]


def _split(library: Any, repository: str, config: str | None, split: str) -> Any:
    """The split, or the only one that there is: a plain upload has all its rows under ``train``."""
    try:
        return library.load_dataset(repository, config, split=split)
    except ValueError:
        names = library.get_dataset_split_names(repository, config)
        if len(names) != 1:
            raise
        return library.load_dataset(repository, config, split=names[0])


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}..."
