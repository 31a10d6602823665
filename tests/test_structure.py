"""What must hold of the whole house: limits, jobs, migrations, settings and commands, all accounted for."""

import re

import click
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from rq.utils import import_attribute

from service import config, jobs, schema
from service.cli import commands
from service.models import Base
from service.web import limits
from tests.conftest import ROOT


def endpoints(app):
    return {rule.endpoint: rule for rule in app.url_map.iter_rules()}


def covers(name: str, endpoint: str) -> bool:
    return name in {endpoint, endpoint.partition(".")[0]}


def test_every_route_is_limited_or_exempt_on_purpose_and_no_entry_is_stale(app):
    known = set(limits.LIMITS) | set(limits.EXEMPT)

    assert [one for one in endpoints(app) if not any(covers(name, one) for name in known)] == []
    assert [name for name in known if not any(covers(name, one) for one in endpoints(app))] == []
    assert set(limits.LIMITS) & set(limits.EXEMPT) == set()
    assert all(reason.strip() for reason in limits.EXEMPT.values())


def test_every_limit_names_a_setting(settings):
    for limited in limits.LIMITS.values():
        for one in limited:
            assert getattr(settings, one.setting)


def test_every_job_name_resolves():
    for name in jobs.NAMES:
        assert callable(import_attribute(name))


def test_there_is_one_migration_head_and_readiness_knows_it_without_alembic():
    assert ScriptDirectory(str(schema.MIGRATIONS)).get_heads() == [schema.head()]


def test_models_equal_migrations(parts):
    with parts.database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": schema.is_modelled}
        )
        assert compare_metadata(context, Base.metadata) == []
        connection.rollback()


def test_every_setting_is_documented_with_its_default():
    documented = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))

    assert set(documented) == set(config.DEFAULTS)
    for name, default in config.DEFAULTS.items():
        if default:
            assert documented[name] == f"`{default}`", name


def test_every_test_that_a_promise_names_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/reliability.md").read_text())

    assert len(named) > 30
    assert [one for file, one in named if f"def {one}(" not in (ROOT / file).read_text()] == []


def test_every_command_is_documented():
    text = (ROOT / "docs/command-line.md").read_text()

    def walk(command, path):
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                yield from walk(child, [*path, name])
        else:
            yield " ".join(path)

    assert [name for name in walk(commands, []) if f"`{name}" not in text] == []


@pytest.mark.parametrize("redis_url", ["redis://127.0.0.1:1/0"])
def test_a_command_that_finds_something_wrong_ends_with_status_1(start, redis_url):
    assert start("service", "doctor").running.wait(30) == 1
    assert start("service", "site", "list").running.wait(30) == 0


def test_every_test_that_the_page_on_security_names_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", (ROOT / "docs/security.md").read_text())

    assert len(named) > 60
    assert [(file, name) for file, name in named if f"\ndef {name}(" not in (ROOT / file).read_text()] == []
