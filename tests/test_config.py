from __future__ import annotations

import os
from pathlib import Path

import pytest

from clara.config import DEFAULT_KIND_WEIGHTS, Settings, default_config_path, load_settings
from clara.errors import SettingsError


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_use_no_model_and_the_home_of_the_environment(isolated: Path) -> None:
    settings = load_settings()
    assert settings.profile == "embedded"
    assert not settings.uses_model
    assert settings.home == isolated
    assert settings.kind_weights == DEFAULT_KIND_WEIGHTS


def test_no_test_sees_a_clara_variable_but_home() -> None:
    assert [name for name in os.environ if name.startswith("CLARA_")] == ["CLARA_HOME"]


def test_flag_wins_over_variable_over_file_over_profile(tmp_path: Path) -> None:
    file = write(tmp_path, 'profile = "vllm"\nrounds = 2\nseed = 5\npassages = 4\nbackbone = ["http://file/v1"]\n')
    settings = load_settings({"rounds": 7, "seed": None}, config=file, environ={"CLARA_ROUNDS": "6", "CLARA_SEED": "9"})
    assert settings.rounds == 7  # flag over variable and file
    assert settings.seed == 9  # a flag of None is not given: variable over file
    assert settings.passages == 4  # file over default
    assert settings.backbone == ("http://file/v1",)  # file over profile
    assert load_settings({"profile": "vllm"}, environ={}).backbone == ("http://127.0.0.1:8000/v1",)  # profile over default


def test_default_file_is_read_from_the_home_of_the_environment(isolated: Path) -> None:
    isolated.mkdir()
    (isolated / "config.toml").write_text("rounds = 5\n")
    assert default_config_path(os.environ) == isolated / "config.toml"
    assert load_settings().rounds == 5


def test_a_backbone_alone_means_the_remote_profile() -> None:
    settings = load_settings(environ={"CLARA_BACKBONE": "http://a/v1/, https://b/v1"})
    assert settings.profile == "remote"
    assert settings.backbone == ("http://a/v1", "https://b/v1")


def test_remote_without_an_address_says_what_to_give() -> None:
    with pytest.raises(SettingsError, match=r"--backbone.*http://"):
        load_settings({"profile": "remote"}, environ={})


def test_lists_and_weights_are_read_from_variables() -> None:
    environ = {"CLARA_KB": "ophthalmology, mine", "CLARA_KIND_WEIGHTS": "textbook=2,drug=0.5", "CLARA_CACHE": "false"}
    settings = load_settings(environ=environ)
    assert settings.kb == ("ophthalmology", "mine")
    assert settings.kind_weights == {"textbook": 2.0, "drug": 0.5}
    assert settings.cache is False


def test_weights_without_a_number_show_the_form() -> None:
    with pytest.raises(SettingsError, match=r"CLARA_KIND_WEIGHTS.*textbook=1"):
        load_settings(environ={"CLARA_KIND_WEIGHTS": "textbook"})


@pytest.mark.parametrize("variable", ["CLARA_MODEL", "CLARA_ROUNDS", "CLARA_HOME"])
def test_an_empty_variable_counts_as_not_set(variable: str) -> None:
    assert load_settings(environ={variable: ""}) == load_settings(environ={})


def test_unknown_setting_as_flag_is_refused() -> None:
    with pytest.raises(SettingsError, match="no setting named 'roudns'"):
        load_settings({"roudns": 3}, environ={})


def test_unknown_setting_in_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no setting named 'roudns'"):
        load_settings(config=write(tmp_path, "roudns = 3\n"), environ={})


def test_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CLARA_API_KEY") as caught:
        load_settings(config=write(tmp_path, 'api_key = "sesame"\n'), environ={})
    assert "sesame" not in str(caught.value)


def test_secrets_never_show() -> None:
    settings = load_settings(environ={"CLARA_API_KEY": "sesame", "CLARA_CHROMA_TOKEN": "mellon"})
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == "sesame"
    shown = f"{settings!r} {settings.public()} {settings.model_dump_json()}"
    assert "sesame" not in shown
    assert "mellon" not in shown


@pytest.mark.parametrize("address", ["ftp://host/v1", "localhost:8000", "host"])
def test_bad_address_is_named(address: str) -> None:
    with pytest.raises(SettingsError, match=r"'backbone'.*http://") as caught:
        load_settings({"backbone": (address,)}, environ={})
    assert address in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("rounds", "0"), ("rounds", "x"), ("passages", "99"), ("profile", "big"), ("search", "google"), ("timeout", "0"),
     ("abstain_below", "1.5")],
)  # fmt: skip
def test_wrong_value_names_the_setting_and_the_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"'{name}") as caught:
        load_settings(environ={f"CLARA_{name.upper()}": value})
    assert value in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml.*No such file"):
        load_settings(config=tmp_path / "nowhere.toml", environ={})


def test_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"settings\.toml is not valid TOML"):
        load_settings(config=write(tmp_path, "rounds ="), environ={})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().rounds = 9  # type: ignore[misc]


@pytest.mark.parametrize("name", ["api_key", "chroma_token"])
@pytest.mark.parametrize("secret", ["sésame", "ses\name"])
def test_a_secret_that_cannot_be_sent_is_refused_and_not_shown(name: str, secret: str) -> None:
    with pytest.raises(SettingsError, match=f"'{name}'.*printable ASCII") as caught:
        load_settings(environ={f"CLARA_{name.upper()}": secret})
    assert secret not in str(caught.value)
    with pytest.raises(ValueError, match="printable ASCII") as direct:
        Settings.model_validate({name: secret})
    assert secret not in str(direct.value)


def test_addresses_are_public_without_their_credentials() -> None:
    url = "http://user:sesame@host:8000/v1"
    settings = Settings.model_validate({"backbone": (url,), "embedder": url, "chroma_url": url, "proxy": url})
    public = settings.public()
    masked = "http://***@host:8000/v1"
    assert (public["backbone"], public["embedder"], public["chroma_url"]) == ([masked], masked, masked)
    assert "sesame" not in repr(public)
    assert settings.backbone == (url,)


@pytest.mark.parametrize("name", ["backbone", "embedder", "chroma_url", "proxy"])
def test_an_address_with_a_query_is_refused_and_the_query_not_shown(name: str) -> None:
    with pytest.raises(SettingsError, match=f"'{name}'.*must not have a query") as caught:
        load_settings(environ={f"CLARA_{name.upper()}": "https://host/v1?api-key=sesame"})
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("address", ["user:sesame@host/v1", "ftp://user:sesame@host/v1", "ftp://host/v1?key=sesame"])
def test_a_bad_address_is_named_without_its_credentials(address: str) -> None:
    with pytest.raises(SettingsError, match=r"'backbone'.*host/v1") as caught:
        load_settings({"backbone": (address,)}, environ={})
    assert "sesame" not in str(caught.value)


def test_of_an_address_with_a_mark_in_its_password_nothing_is_named() -> None:
    with pytest.raises(SettingsError, match="is no address") as caught:
        load_settings({"backbone": ("user:ses?ame@host/v1",)}, environ={})
    assert "'***'" in str(caught.value)
    assert "user:ses" not in str(caught.value)


def test_an_address_given_in_python_means_the_remote_profile_too() -> None:
    assert Settings(backbone=("http://a/v1",)).profile == "remote"
    assert Settings().profile == "embedded"


URL = "http://127.0.0.1:18199/v1"


@pytest.mark.parametrize(
    ("stored", "environ", "flags", "profile"),
    [
        ('profile = "embedded"', {}, {"backbone": (URL,)}, "remote"),
        ('profile = "embedded"', {"CLARA_BACKBONE": URL}, {}, "remote"),
        ('profile = "embedded"', {"CLARA_BACKBONE": URL}, {"profile": "embedded"}, "embedded"),
        ('profile = "embedded"', {"CLARA_PROFILE": "vllm"}, {}, "vllm"),
        ('profile = "vllm"', {}, {"backbone": (URL,)}, "vllm"),
        (f'backbone = ["{URL}"]', {}, {}, "remote"),
        (f'backbone = ["{URL}"]', {"CLARA_PROFILE": "embedded"}, {}, "embedded"),
        (f'backbone = ["{URL}"]', {"CLARA_PROFILE": "embedded"}, {"backbone": (URL,)}, "remote"),
        ("", {}, {}, "embedded"),
    ],
)
def test_whoever_names_a_server_last_is_answered_by_it(
    stored: str, environ: dict[str, str], flags: dict[str, object], profile: str, tmp_path: Path
) -> None:
    settings = load_settings(flags, config=write(tmp_path, stored), environ=environ)
    assert settings.profile == profile
    assert settings.uses_model == (profile != "embedded")


@pytest.mark.parametrize(
    ("environ", "flags", "words"),
    [
        ({}, {"profile": "embedded", "backbone": (URL,)}, "leave one of them out"),
        ({"CLARA_PROFILE": "embedded", "CLARA_BACKBONE": URL}, {}, "leave one of them out"),
        ({}, {"model": "qwen3-8b"}, "'qwen3-8b' needs a server"),
        ({"CLARA_MODEL": "qwen3-8b"}, {}, "--backbone or CLARA_BACKBONE"),
        ({"CLARA_BACKBONE": URL}, {"profile": "embedded", "model": "qwen3-8b"}, "'qwen3-8b' needs a server"),
    ],
)
def test_a_wish_for_a_model_and_for_none_is_refused(environ: dict[str, str], flags: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings(flags, environ=environ)


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("CLARA_PASAGES", "CLARA_PASSAGES"),
        ("CLARA_BACKBON", "CLARA_BACKBONE"),
        ("CLARA_BACKBONES", "CLARA_BACKBONE"),
        ("CLARA_APIKEY", "CLARA_API_KEY"),
        ("CLARA_INTERFACE_LANGAUGE", "CLARA_INTERFACE_LANGUAGE"),
        ("CLARA_PROFIL", "CLARA_PROFILE"),
    ],
)
def test_a_misspelt_variable_is_reported_with_the_nearest_name(variable: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=f"no setting {variable}; did you mean {meant}") as caught:
        load_settings(environ={variable: "sesame"})
    assert "sesame" not in str(caught.value)


def test_variables_of_others_that_begin_alike_are_left_alone() -> None:
    assert load_settings(environ={"CLARA_VERSION_OF_SOMETHING": "1", "CLARANET": "x"}).profile == "embedded"


def test_settings_made_in_python_take_the_rest_from_environment_and_file(
    isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    isolated.mkdir()
    (isolated / "config.toml").write_text("rounds = 5\nseed = 3\n", encoding="utf-8")
    monkeypatch.setenv("CLARA_SEED", "4")
    settings = Settings(passages=8)
    assert (settings.passages, settings.rounds, settings.seed, settings.home) == (8, 5, 4, isolated)
    assert (Settings(seed=9).seed, Settings(rounds=2).rounds) == (9, 2)
    plain = Settings.plain(passages=8)
    assert (plain.passages, plain.rounds, plain.seed) == (8, 3, 0)
    assert plain.home != isolated


def test_public_settings_are_json_values(tmp_path: Path) -> None:
    public = Settings(home=tmp_path).public()
    assert public["home"] == str(tmp_path)
    assert "api_key" not in public
