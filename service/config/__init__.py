"""Settings: what may differ between two installations, read and checked once; the only reader of the environment.

Not here: what differs between two sites of one installation (`service.sites`).
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from service.config.checking import checked
from service.config.embedded import embedded_redis_url, embedded_socket
from service.config.settings import DEFAULTS, BadSettings, Settings

__all__ = [
    "DEFAULTS",
    "BadSettings",
    "Settings",
    "as_environment",
    "embedded_redis_url",
    "embedded_socket",
    "generate",
    "load",
    "load_var",
]

GENERATED = "settings.env"
"""The file in `var/` in which `make run` keeps what it made up."""


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment over the generated file of `var/`; raise `BadSettings` naming all that is wrong.

    `NAME_FILE` names a file that holds the setting, as a vault or a container's platform mounts its secrets.
    """
    given = dict(os.environ if environment is None else environment)  # noqa: TID251 - the one place that may.
    given |= _from_files(given)
    var = Path(given.get("VAR_DIR") or DEFAULTS["VAR_DIR"]).absolute()
    values = {
        **DEFAULTS,
        **_read_file(var / GENERATED),
        **{k: v for k, v in given.items() if k in DEFAULTS and v},
    }
    return checked(var, values)


def load_var() -> Path:
    """Return the folder that holds this installation's data, before there are any settings in it."""
    return Path(os.environ.get("VAR_DIR") or DEFAULTS["VAR_DIR"]).absolute()  # noqa: TID251 - the one place that may.


def generate(var: Path) -> None:
    """Make up the secrets of a new installation and keep them in `var/`, readable by its owner alone."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = var / GENERATED
    if file.exists():
        return
    text = (
        "# Made by `make run`. The environment wins over this file. Keep it with your backups: without\n"
        "# DATA_KEYS the phone numbers in the database cannot be read.\n"
        f"SECRET_KEY={secrets.token_urlsafe(32)}\nDATA_KEYS={secrets.token_hex(32)}\n"
        f"LOOKUP_KEY={secrets.token_hex(32)}\nADDRESS_KEY={secrets.token_hex(32)}\n"
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a child process loads the same settings; what files hold stays in them."""
    inherited = dict(os.environ)  # noqa: TID251 - the one place that may; children want PATH and the like.
    return {**inherited, **{name: value for name, value in settings.values.items() if not inherited.get(_file(name))}}


def _file(name: str) -> str:
    return f"{name}_FILE"


def _from_files(given: Mapping[str, str]) -> dict[str, str]:
    found, wrong = {}, []
    for name in DEFAULTS:
        if not given.get(_file(name)):
            continue
        if given.get(name):
            wrong.append(f"{name} and {_file(name)} are both set")
            continue
        try:
            found[name] = Path(given[_file(name)]).read_text().strip()
        except (OSError, UnicodeDecodeError):
            wrong.append(f"{_file(name)} names no file that can be read")
    if wrong:
        raise BadSettings("; ".join(wrong))
    return found


def _read_file(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs if name in DEFAULTS}
