"""From a name or a path to a data set."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clara import resources
from clara.bench.datasets.convert import Converter
from clara.bench.datasets.files import SUFFIXES, Row, is_data_file, read_sheets
from clara.bench.datasets.guess import guess_layout, language_of
from clara.bench.datasets.hub import hub_rows
from clara.bench.datasets.layout import Layout, layout_from, read_layout
from clara.bench.datasets.model import Dataset, Item
from clara.bench.datasets.named import BY_NAME, NAMED, Named, by_place, recognise
from clara.errors import DatasetError
from clara.language.codes import get_language

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def load_dataset(
    source: str | Path,
    *,
    mapping: Path | Mapping[str, Any] | None = None,
    home: Path | None = None,
    languages: Iterable[str] = (),
    strict: bool = True,
) -> Dataset:
    """Read a data set.

    Args:
        source: ``sample``, a name of :mod:`clara.bench.datasets.named`, a hub name ``owner/name``, a file or a folder.
        mapping: a TOML file, or its keys, that says which column means what; None means that the names of the columns do.
        home: the user's data folder: a named set that was fetched into it is read from there.
        languages: of a set with files for each language read only these; codes or names, none means all.
        strict: raise at the first cell that cannot be used; otherwise leave it out and keep it in ``defects``.

    Raises:
        DatasetError: there is no such set, or it is not usable; the message names the file, the column or the row.
    """
    path, known = _find(str(source), home)
    layout = _layout(mapping)
    repository = known.repository if known else str(source)
    known = None if layout else known  # a mapping replaces what is known of the set
    wanted = {get_language(name).code for name in languages}
    parts = _parts_of(path, known, layout, wanted) if path else _parts_on_hub(repository, known, layout, wanted)
    return _build(str(source), path, known, layout, list(parts), strict=strict)


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows of one file, and the language that its place speaks of."""

    where: Path
    rows: list[Row]
    language: str = ""
    digest: str = ""
    notes: tuple[str, ...] = ()
    """How the file was read, where that is not the usual way."""


def _find(source: str, home: Path | None) -> tuple[Path | None, Named | None]:
    if source == "sample":
        return resources.SAMPLE_BENCHMARK, None
    path = Path(source)
    known = BY_NAME.get(source.lower())
    if path.exists() or (known is None and not _HUB_NAME.fullmatch(source)) or is_data_file(path):
        if not path.exists() and not is_data_file(path):
            names = ", ".join(entry.name for entry in NAMED)
            raise DatasetError(
                f"there is no data set {source!r}: give a path, a hub name owner/name, or one of sample, {names}"
            )
        return path, known or by_place(path)
    if known and home and (home / "datasets" / known.name).is_dir():
        return home / "datasets" / known.name, known
    if known and known.fetched and source.lower() == known.name:
        raise DatasetError(f"{known.name} is not here yet: get it once with `clara bench fetch {known.name}`")
    return None, known


def _layout(mapping: Path | Mapping[str, Any] | None) -> Layout | None:
    if mapping is None:
        return None
    return layout_from(mapping, "the mapping") if isinstance(mapping, Mapping) else read_layout(mapping)


def _parts_of(path: Path, known: Named | None, layout: Layout | None, wanted: set[str]) -> Iterator[_Part]:
    for file in _files(path, known, layout):
        config = _config_of(file.relative_to(path) if path.is_dir() else Path(file.parent.name, file.name), known)
        language = known.configs[config] if known and config else ""
        if language and wanted and get_language(language).code not in wanted:
            continue
        sheets, raw = read_sheets(file)
        digest = hashlib.sha256(raw).hexdigest()
        for sheet in sheets:
            yield _Part(file, sheet.rows, language or sheet.language, digest, tuple(sheet.notes))


def _files(path: Path, known: Named | None, layout: Layout | None) -> list[Path]:
    """The data files of a folder: those of the evaluation split if some are named so."""
    if not path.is_dir():
        return [path]
    if known and (path / "questions.csv").is_file():  # what `clara bench fetch` writes
        return [path / "questions.csv"]
    files: list[Path] = []
    for file in sorted(path.rglob("*")):
        is_hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if is_data_file(file) and not is_hidden:
            files.append(file)
    if not files:
        raise DatasetError(f"the folder {path} holds no data files ({', '.join(SUFFIXES)})", path=str(path))
    split = layout.split if layout else "test"
    return [file for file in files if split in _words(file.relative_to(path))] or files


def _words(path: Path) -> list[str]:
    """The words of a path without the suffix: ``hi/test-00000-of-00001.parquet`` gives hi, test, 00000, ..."""
    words: list[str] = []
    for part in path.with_suffix("").parts:
        words.extend((part, *re.split(r"[-_.]", part)))
    return words


def _config_of(path: Path, known: Named | None) -> str | None:
    if known is not None:
        for word in _words(path):
            if word in known.configs:
                return word
    return None


def _parts_on_hub(repository: str, known: Named | None, layout: Layout | None, wanted: set[str]) -> Iterator[_Part]:
    split = layout.split if layout else "test"
    configs = known.configs if known else {}
    chosen: dict[str, str] = {}
    for config, code in configs.items():
        if not wanted or get_language(code).code in wanted:
            chosen[config] = code
    if configs and not chosen:
        raise DatasetError(f"{repository} has none of these languages; it has {', '.join(configs.values())}")
    if not configs:
        yield _Part(Path(repository), hub_rows(repository, layout.config or None if layout else None, split))
    for config, language in chosen.items():
        yield _Part(Path(repository), hub_rows(repository, config, split), language)


class _Builder:
    """Puts the items of all parts together, each part under the layout that it has."""

    def __init__(self, known: Named | None, mapped: Layout | None, *, files: int, is_named: bool, strict: bool) -> None:
        self.known = known
        self.mapped = mapped
        self.items: list[Item] = []
        self.notes: list[str] = []
        self.converter: Converter | None = None
        self._files = files
        self._is_named = is_named
        self._strict = strict

    def add(self, part: _Part) -> None:
        self.notes.extend(part.notes)
        if not part.rows:
            return
        layout = self._layout_of(part)
        if self.converter is None or self.converter.layout != layout:
            earlier = self.converter
            self.converter = Converter(layout, self._strict)
            if earlier is not None:
                self.converter.defects, self.converter.seen = earlier.defects, earlier.seen
        is_numbered = self.known is None and self._files > 1 and not layout.id
        prefix = f"{part.where.stem}:" if is_numbered or (self.known and self.known.by_file) else ""
        language = part.language or _place(part.where, self.known)
        self.items.extend(self.converter.items(part.rows, language, prefix))

    def _layout_of(self, part: _Part) -> Layout:
        columns = list(part.rows[0].values)
        known = self.known
        is_foreign = known is not None and known.layout is not None and not known.layout.columns <= set(columns)
        if is_foreign and not self._is_named:
            self.known = None  # only the folder's name was like it
        if self.mapped is not None:
            return self.mapped
        self.known = self.known or recognise(set(columns))
        if self.known and self.known.layout:
            return self.known.layout
        layout = guess_layout(part.where, part.rows, self.notes)
        if layout.long and len(layout.long.questions) > 1:
            self.notes.append(f"the question is made of the columns {' and '.join(layout.long.questions)}")
        return layout


def _build(
    source: str, path: Path | None, known: Named | None, mapped: Layout | None, parts: list[_Part], *, strict: bool
) -> Dataset:
    builder = _Builder(known, mapped, files=len(parts), is_named=source.lower() in BY_NAME, strict=strict)
    for part in parts:
        builder.add(part)
    items, converter, known = builder.items, builder.converter, builder.known
    shown = path or source
    if converter is None or not (items or converter.defects):
        raise DatasetError(f"{shown} holds no questions", path=str(shown))
    notes = list(dict.fromkeys(builder.notes))
    notes.extend(f"{count} {reason}" for reason, count in sorted(converter.skipped.items()))
    if known:
        notes.extend(_differences(known, parts, items))
        notes.extend([known.note] if known.note else [])
    several = 0
    for item in items:
        several += len(item.gold) > 1 and "|" not in item.gold
    if several:
        notes.append(f"{several} items need several letters at once; an answer of one letter is wrong there")
    name = "sample" if source == "sample" else Path(source).stem
    return Dataset(
        known.name if known else name,
        _fingerprint(parts, items, mapped),
        tuple(items),
        tuple(dict.fromkeys(item.language for item in items)),
        tuple(notes),
        () if strict else tuple(converter.defects),
        converter.layout.parallel,
    )


def _differences(known: Named, parts: list[_Part], items: list[Item]) -> Iterator[str]:
    """Where a copy is not what was published."""
    for part in parts:
        if known.rows and part.rows and len(part.rows) != known.rows:
            yield f"{part.where} has {len(part.rows)} rows, {known.repository} was published with {known.rows}"
    found = len({item.id for item in items})
    if known.questions and found != known.questions:
        yield f"this copy has {found} questions, {known.repository} was published with {known.questions}"


def _place(where: Path, known: Named | None) -> str:
    config = _config_of(Path(where.parent.name, where.name), known) if known else None
    return known.configs[config] if known and config else language_of(where)


def _fingerprint(parts: list[_Part], items: list[Item], mapped: Layout | None) -> str:
    if len(parts) == 1 and parts[0].digest and mapped is None:
        return parts[0].digest[:16]
    return hashlib.sha256(json.dumps([_asked(item) for item in items], ensure_ascii=False).encode()).hexdigest()[:16]


def _asked(item: Item) -> list[Any]:
    options = [[option.label, option.text] for option in item.question.options]
    return [item.id, item.code, item.question.text, options, item.gold, item.references]
