"""Settings come from the environment, from files that it names, and from what `make run` made up."""

import pytest

from service import config
from tests.conftest import environment_of


@pytest.fixture
def environment(tmp_path):
    return environment_of("sqlite://", "redis://127.0.0.1:1/0", tmp_path)


def test_a_secret_is_read_from_the_file_that_its_setting_names_and_reaches_no_environment(
    environment, tmp_path, monkeypatch
):
    mounted = tmp_path / "secret-key"
    mounted.write_text("a secret that a vault has mounted\n")
    del environment["SECRET_KEY"]
    environment["SECRET_KEY_FILE"] = str(mounted)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SECRET_KEY", raising=False)

    settings = config.load()
    assert settings.secret_key == "a secret that a vault has mounted"
    children = config.as_environment(settings)
    assert "SECRET_KEY" not in children
    assert config.load(children) == settings


def test_a_setting_that_is_given_twice_or_names_no_file_is_named_and_its_value_is_not(environment, tmp_path):
    environment |= {"SECRET_KEY_FILE": str(tmp_path / "one"), "DATA_KEYS_FILE": str(tmp_path / "gone")}
    with pytest.raises(config.BadSettings) as told:
        config.load(environment)
    assert "SECRET_KEY and SECRET_KEY_FILE are both set" in str(told.value)
    assert "DATA_KEYS_FILE names no file that can be read" in str(told.value)
    assert environment["SECRET_KEY"] not in str(told.value)


def test_a_list_of_breached_passwords_that_is_not_there_is_named(environment, tmp_path):
    with pytest.raises(config.BadSettings, match="BREACHED_PASSWORDS must name a file"):
        config.load({**environment, "BREACHED_PASSWORDS": str(tmp_path / "gone.txt")})
