"""Settings and profiles. The environment and the settings file are read here and nowhere else.

Flags win over ``CLARA_...`` variables, variables over the settings file, the file over the profile, the profile over the
defaults. A setting that does not exist is an error in the file, as a flag, and as a variable that looks like a misspelt one.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, cast

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from clara.errors import SettingsError
from clara.language.codes import SEVEN, find_language

Profile = Literal["embedded", "vllm", "remote"]

SHIPPED_KB = "ophthalmology"
"""The knowledge base that ships."""
_ADDRESSES = ("backbone", "embedder", "chroma_url", "traces")
_COMPLETE = {"complete": True}
"""Validation context: nothing is added from the environment or the settings file."""
_CREDENTIALS = re.compile(r"^([a-z][a-z0-9+.-]*://)?.*@", re.IGNORECASE | re.DOTALL)

DEFAULT_KIND_WEIGHTS: dict[str, float] = {"textbook": 1.0, "guideline": 1.1, "drug": 1.0, "anatomy": 1.0, "web": 0.7}


class Settings(BaseModel):
    """Everything that can be set. Every field ``x`` has the variable ``CLARA_X``.

    ``Settings(passages=8)`` takes what is not given from the environment and the settings file, as the command line does;
    :meth:`plain` takes nothing from either.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    profile: Profile = "embedded"
    """``embedded``: no model. ``vllm``: one server that ``clara vllm`` starts. ``remote``: any OpenAI-compatible."""
    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("clara", appauthor=False)))
    """The user's data folder: knowledge bases, caches, conversations, runs."""
    backbone: tuple[str, ...] = ()
    """Base addresses ending in ``/v1``; several are replicas of one model."""
    model: str | None = None
    """Model name to ask for; None means the first that the server names."""
    api_key: SecretStr | None = None
    """Sent as a bearer token; read from the environment only, never shown."""
    kb: tuple[str, ...] = (SHIPPED_KB,)
    """Knowledge bases to search."""
    embedder: str = "embedded"
    """``embedded``, a sentence-transformers name or path, or the address of an ``/v1/embeddings`` server."""
    embedder_model: str | None = None
    """Model name for an ``/v1/embeddings`` server."""
    embedder_revision: str | None = None
    """Revision of a hub model."""
    reranker: str | None = None
    """A sentence-transformers CrossEncoder, by name or path, that puts the passages found in order; None leaves it out."""
    chroma_url: str | None = None
    """Address of a Chroma server; None means the embedded, persistent store in ``home``."""
    chroma_token: SecretStr | None = None
    """Token of that server."""
    prompts: Path | None = None
    """A folder of prompt templates that replaces the shipped one."""
    strategy: str = "clara"
    """Default strategy of ``ask`` and the chat."""
    rounds: int = Field(default=3, ge=1, le=10)
    """Most rounds of retrieve and answer."""
    translations: int = Field(default=2, ge=1, le=5)
    """Most attempts at a translation."""
    passages: int = Field(default=6, ge=1, le=16)
    """Passages shown to the backbone."""
    retrieve_with_options: bool = False
    """Include the options of a multiple-choice question in the retrieval query."""
    kind_weights: dict[str, float] = Field(default_factory=lambda: dict(DEFAULT_KIND_WEIGHTS))
    """Weight of each source kind in the ranking."""
    certainty: float = Field(default=1.01, ge=0)
    """Skip retrieval if the backbone's unaided confidence reaches this; above 1 never skips."""
    abstain_below: float = Field(default=0.0, ge=0, le=1)
    """Abstain if the confidence is below this; 0 never abstains."""
    samples: int = Field(default=1, ge=1, le=32)
    """Self-consistency votes for an answer."""
    permute_options: bool = False
    """Ask each rotation of the options once and map the votes back."""
    translator: str | None = None
    """A Hugging Face translation model (NLLB or M2M100), by name or path, that translates the questions; needs the extra
    ``models``. None leaves that to the backbone."""
    search: tuple[Literal["pubmed", "wikipedia"], ...] = ()
    """Outside sources that may be asked; none unless named."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    """Sampling temperature; votes need more than 0."""
    seed: int = 0
    """Seed sent with every request."""
    concurrency: int | None = Field(default=None, ge=1, le=4096)
    """Requests in flight; None lets the controller adapt."""
    timeout: float = Field(default=120.0, gt=0)
    """Seconds that one call may take, retries included."""
    connect_timeout: float = Field(default=5.0, gt=0)
    """Seconds to connect."""
    first_token_timeout: float = Field(default=60.0, gt=0)
    """Seconds until the first piece of a streamed reply."""
    retries: int = Field(default=4, ge=0, le=20)
    """Most retries of one call."""
    outage: float = Field(default=300.0, ge=0)
    """Seconds that a call waits for a server that answered before and went away; not counted in ``timeout``."""
    proxy: SecretStr | None = None
    """Address of an HTTP proxy on the way to the model servers; None asks no proxy, whatever the environment says."""
    thinking: Literal["default", "on", "off"] = "default"
    """Switch of reasoning models that have one in their chat template."""
    thinking_tokens: int = Field(default=4096, ge=0)
    """Tokens that a reasoning model may think, on top of those of the reply."""
    keep_thinking: bool = False
    """Keep what a reasoning model thought in the trace."""
    cache: bool = True
    """Keep replies on disk and reuse them."""
    cache_size_mb: int = Field(default=1024, ge=1)
    """Size cap of the reply cache in megabytes."""
    traces: str | None = None
    """Address of an OpenTelemetry collector (OTLP over gRPC) that spans without text are sent to; None sends none."""
    vllm: Path | None = None
    """The environment, Python or program of the vLLM that ``clara vllm`` starts; None looks for one."""

    interface_language: Literal["en", "es", "pt", "fr", "fil", "hi", "zh"] | None = None
    """Language of CLARA's own words, and of a short question that may be in several; None follows the locale."""

    @classmethod
    def plain(cls, **values: Any) -> Self:
        """These values and the defaults, whatever the environment and the settings file say."""
        return cls.model_validate(values, context=_COMPLETE)

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, data: Any, info: ValidationInfo) -> Any:
        """The given values over those of the settings file and the environment."""
        if info.context is _COMPLETE or not isinstance(data, dict):
            return data
        return _merged(_layers(cast("dict[str, Any]", data), None, os.environ))

    @field_validator("api_key", "chroma_token")
    @classmethod
    def _sendable(cls, value: SecretStr | None) -> SecretStr | None:
        # a header that cannot be encoded would stand in the error of whoever tries to
        secret = value.get_secret_value().strip() if value is not None else ""
        if not (secret.isascii() and secret.isprintable()):
            raise ValueError("it holds a character that cannot be sent: only printable ASCII can")
        return value

    @field_validator("backbone")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"{masked(url)!r} is no address: it must start with http:// or https://")
            _refuse_query(url)
        return tuple(url.rstrip("/") for url in value)

    @field_validator("proxy")
    @classmethod
    def _proxy_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("it is no address: it must start with http:// or https://")
        if value is not None:
            _refuse_query(value.get_secret_value())
        return value

    @field_validator("embedder", "chroma_url", "traces")
    @classmethod
    def _other_address(cls, value: str | None) -> str | None:
        if value is not None and "://" in value:
            _refuse_query(value)
        return value

    @property
    def uses_model(self) -> bool:
        """True if a language model answers."""
        return self.profile != "embedded"

    def public(self) -> dict[str, Any]:
        """All settings but secrets, as JSON values, addresses without credentials; for manifests and ``clara doctor``."""
        values = self.model_dump(mode="json", exclude={"api_key", "chroma_token"})
        values["backbone"] = [masked(url) for url in self.backbone]
        for name in ("embedder", "chroma_url", "traces"):
            if values[name] and "://" in values[name]:
                values[name] = masked(values[name])
        return values


def _refuse_query(url: str) -> None:
    if "?" in url or "#" in url:
        raise ValueError("an address must not have a query (?...) or fragment; a key belongs into CLARA_API_KEY")


def masked(url: str) -> str:
    """An address with user name and password masked, and without its query: what may be shown and stored."""
    head, *query = re.split(r"[?#]", url, maxsplit=1)
    # with an @ behind the mark, the mark may be a part of the password
    return "***" if query and "@" in query[0] else _CREDENTIALS.sub(r"\1***@", head)


PROFILES: dict[str, dict[str, Any]] = {
    "embedded": {"translations": 1},  # the same glossary would give the same words again
    "vllm": {"backbone": ["http://127.0.0.1:8000/v1"]},
    "remote": {},
}
"""What a profile sets; printed by ``clara doctor``."""


def locale_language(environ: Mapping[str, str] | None = None) -> str:
    """The language of the locale (``LC_ALL``, ``LC_MESSAGES``, ``LANG``, the first that is set), English if it is none of
    CLARA's seven.
    """
    environ = os.environ if environ is None else environ
    name = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    language = find_language(re.split(r"[_.@-]", name)[0])
    return language.code if language and language.code in SEVEN else "en"


def default_config_path(environ: Mapping[str, str]) -> Path:
    """Where the settings file lies unless ``--config`` names another."""
    home = environ.get("CLARA_HOME")
    if home:
        return Path(home) / "config.toml"
    return Path(platformdirs.user_config_dir("clara", appauthor=False)) / "config.toml"


def load_settings(
    overrides: Mapping[str, Any] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from profile, file, environment and flags.

    Args:
        overrides: flags; a value of None means "not given".
        config: settings file; None means the default one, if it exists.
        environ: the environment; None means this process's.

    Raises:
        SettingsError: the file is missing or broken, or a setting is unknown or wrong; the message names it.
    """
    flags = {name: value for name, value in (overrides or {}).items() if value is not None}
    values = _merged(_layers(flags, config, os.environ if environ is None else environ))
    try:
        settings = Settings.plain(**values)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    if settings.uses_model and not settings.backbone:
        raise SettingsError(
            f"profile {settings.profile!r} needs at least one --backbone address, for example http://127.0.0.1:8000/v1"
        )
    return settings


def _layers(given: dict[str, Any], config: Path | None, environ: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """What says something about the settings, the weakest first: the file, the environment, what the caller gives."""
    return _from_file(config, environ), environment_settings(environ), given


def _merged(layers: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """All layers in one, over what the profile brings.

    Raises:
        SettingsError: one layer names a server and the profile without one, or a model and no server.
    """
    profile = _profile(layers)
    values: dict[str, Any] = dict(PROFILES.get(profile, {}))
    for layer in layers:
        values |= layer
    values["profile"] = profile
    if profile == "embedded" and any(layer.get("model") for layer in layers[1:]):
        raise SettingsError(
            f"the model {values['model']!r} needs a server that runs it: name its address with --backbone or CLARA_BACKBONE"
        )
    return values


def _profile(layers: tuple[dict[str, Any], ...]) -> str:
    """Who answers: the strongest layer that names a profile or a server decides."""
    for strength in reversed(range(len(layers))):
        layer = layers[strength]
        profile = layer.get("profile")
        if profile == "embedded" and layer.get("backbone") and strength > 0:
            raise SettingsError(
                "the profile 'embedded' asks no server, and --backbone or CLARA_BACKBONE names one: leave one of them out"
            )
        if profile is not None:
            return str(profile)
        if layer.get("backbone"):
            stored = _profile(layers[:strength])
            return stored if stored != "embedded" else "remote"
    return "embedded"


def _from_file(config: Path | None, environ: Mapping[str, str]) -> dict[str, Any]:
    path = config or default_config_path(environ)
    if config is None and not path.is_file():
        return {}
    return read_settings_file(path)


def read_settings_file(path: Path) -> dict[str, Any]:
    """What a settings file says, not yet checked against :class:`Settings`.

    Raises:
        SettingsError: the file is missing, is no TOML or holds a secret.
    """
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, or no UTF-8
        raise SettingsError(f"the settings file {path} is not valid TOML: {error}") from None
    for secret in ("api_key", "chroma_token"):
        if secret in values:
            raise SettingsError(f"{path} holds an {secret}: secrets are read from the variable CLARA_{secret.upper()} only")
    return values


def environment_settings(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the ``CLARA_...`` variables say, not yet checked against :class:`Settings`.

    Raises:
        SettingsError: a variable looks like a misspelt setting, or holds no list of weights where one belongs.
    """
    values: dict[str, Any] = {}
    for variable, raw in environ.items():
        if not variable.startswith("CLARA_"):
            continue
        name = variable.removeprefix("CLARA_").lower()
        if name not in Settings.model_fields:
            _refuse_misspelt(variable, name)
            continue
        annotation = Settings.model_fields[name].annotation
        if _is_list(annotation):
            values[name] = [item.strip() for item in raw.split(",") if item.strip()]
        elif typing.get_origin(annotation) is dict:
            values[name] = _weights(variable, raw)
        elif raw:
            values[name] = raw
    return values


def _refuse_misspelt(variable: str, name: str) -> None:
    """A variable that is one slip away from a setting would otherwise be ignored without a word."""
    near = difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.75)
    if near:
        raise SettingsError(f"there is no setting {variable}; did you mean CLARA_{near[0].upper()}?")


def _is_list(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(_is_list(part) for part in typing.get_args(annotation))
    return origin is tuple


def _weights(variable: str, raw: str) -> dict[str, str]:
    pairs = [item.split("=", 1) for item in raw.split(",") if item.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise SettingsError(f"{variable} must look like textbook=1,drug=0.8")
    return {pair[0].strip(): pair[1] for pair in pairs}


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"]) or "settings"
    if first["type"] == "extra_forbidden":
        return f"there is no setting named {name!r}"
    if name in ("api_key", "chroma_token", "proxy"):
        return f"setting {name!r}: {first['msg']}"
    given: Any = first["input"]
    if name.split(".")[0] in _ADDRESSES:
        if first["type"] == "value_error":
            return f"setting {name!r}: {first['msg']}"
        given = masked(given) if isinstance(given, str) else type(given).__name__
    return f"setting {name!r}: {first['msg']} (got {given!r})"
