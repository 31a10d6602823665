import configparser
import os
import shlex
import subprocess
from pathlib import Path

import pytest
import redis
from supervisor.options import ServerOptions

from service.config import embedded_redis_url, embedded_socket
from service.supervision.parts import Part, parts, supervisor_settings
from service.supervision.valkey import valkey_program, valkey_settings


def product(**changes):
    given = {
        "var": Path("var"),
        "host": "127.0.0.1",
        "port": 8080,
        "embedded_valkey": True,
        "web_workers": 2,
        "web_threads": 4,
        "rq_workers": 1,
    }
    return parts(**given | changes)


def test_all_parts_together_stop_within_45_seconds():
    assert sum(part.seconds_to_stop for part in product()) <= 45


def test_valkey_starts_first_and_the_web_server_stops_first():
    assert [part.name for part in product()] == ["valkey", "scheduler", "worker", "web"]


def test_a_server_of_ones_own_takes_the_place_of_the_embedded_one():
    assert [part.name for part in product(embedded_valkey=False)] == ["scheduler", "worker", "web"]


@pytest.mark.parametrize("word", ["plain", "a b", "it's", "a ;b", "a #b", "100%", '"', "%(here)s", "đường dẫn"])
def test_a_path_of_any_kind_reaches_the_program_whole(tmp_path, word):
    settings = tmp_path / "supervisord.conf"
    settings.write_text(supervisor_settings((Part("one", (word, word), 1, copies=2),), tmp_path), encoding="utf-8")
    options = ServerOptions()
    options.realize(["-c", str(settings)])
    [group] = options.process_group_configs
    assert [program.name for program in group.process_configs] == ["one-0", "one-1"]
    assert shlex.split(group.process_configs[0].command) == [word, word]


def test_the_socket_lies_beside_the_data():
    assert embedded_socket(Path("/srv/duyet/var")) == Path("/srv/duyet/var/valkey.sock")


def test_a_deep_checkout_gets_a_short_socket_and_always_the_same(tmp_path):
    deep = tmp_path / ("d" * 120)
    assert len(os.fsencode(embedded_socket(deep))) <= 103
    assert embedded_socket(deep) == embedded_socket(deep / ".." / deep.name)
    assert embedded_socket(deep) != embedded_socket(deep / "other")


@pytest.mark.parametrize("name", ["var", "a b", "it's %41 #1", "đường", 'quo"te'])
def test_the_server_and_its_clients_agree_on_the_socket(tmp_path, name):
    var = tmp_path / name
    (var / "valkey").mkdir(parents=True)
    settings = var / "valkey.conf"
    settings.write_text(valkey_settings(var), encoding="utf-8")
    with subprocess.Popen([valkey_program(), settings], stdout=subprocess.DEVNULL) as server:
        client = redis.Redis.from_url(
            embedded_redis_url(var), retry=redis.retry.Retry(redis.backoff.ConstantBackoff(0.02), 500)
        )
        try:
            kept = client.config_get("appendonly") | client.config_get("maxmemory-policy") | client.config_get("save")
            assert kept == {"appendonly": "yes", "maxmemory-policy": "noeviction", "save": ""}
        finally:
            client.close()
            server.terminate()


def test_the_configuration_holds_a_section_for_every_part(tmp_path):
    written = configparser.RawConfigParser()
    written.read_string(supervisor_settings(product(), tmp_path))
    assert written.sections() == [
        "supervisord",
        "program:valkey",
        "program:scheduler",
        "program:worker",
        "program:web",
    ]
