"""Which hosts train together."""

import json
import socket
import threading
import time

import pytest

from tfgen import hosts
from tfgen.hosts import Hosts, is_chief


@pytest.fixture
def config(monkeypatch):
    """Sets TF_CONFIG."""

    def set_to(cluster, job, index):
        value = {"cluster": cluster, "task": {"type": job, "index": index}}
        monkeypatch.setenv("TF_CONFIG", json.dumps(value))

    monkeypatch.delenv("TF_CONFIG", raising=False)
    return set_to


def test_none_are_named(config):
    assert Hosts.from_environment() is None
    assert is_chief()


@pytest.mark.parametrize(
    "job, index, place", [("worker", 0, 0), ("worker", 1, 1)]
)
def test_worker_0_is_the_chief(config, job, index, place):
    config({"worker": ["a:1", "b:2"]}, job, index)
    assert Hosts.from_environment() == Hosts(("a:1", "b:2"), place)
    assert is_chief() == (place == 0)


def test_a_chief_by_name_stands_first(config):
    cluster = {"worker": ["a:1", "[::1]:2"], "chief": ["c:3"]}
    config(cluster, "worker", 0)
    assert Hosts.from_environment() == Hosts(("c:3", "a:1", "[::1]:2"), 1)
    config(cluster, "chief", 0)
    assert is_chief()


@pytest.mark.parametrize(
    "cluster, job, index",
    [
        ({"worker": ["a:1"]}, "worker", 1),
        ({"worker": ["a:1"]}, "ps", 0),
        ({"worker": ["a"]}, "worker", 0),
        ({"worker": ["a:1"]}, "worker", "first"),
        ("a:1", "worker", 0),
    ],
)
def test_what_names_no_host_is_refused(config, cluster, job, index):
    config(cluster, job, index)
    with pytest.raises(ValueError, match=r"TF_CONFIG is .*, expected '{"):
        Hosts.from_environment()


def test_no_json_is_refused(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "host0:1")
    with pytest.raises(ValueError, match="TF_CONFIG is 'host0:1', expected"):
        Hosts.from_environment()


def test_it_is_said_who_is_waited_for(monkeypatch, capsys):
    monkeypatch.setattr(hosts, "WAIT_SECONDS", 0.1)
    # So that it is captured here.
    monkeypatch.setattr("sys.__stderr__", __import__("sys").stderr)
    with socket.create_server(("127.0.0.1", 0)) as there:
        own, late = _free_port(), _free_port()
        ports = (own, there.getsockname()[1], late)
        addresses = tuple(f"127.0.0.1:{port}" for port in ports)
        waiting = threading.Thread(target=Hosts(addresses, 0).wait_for_all)
        waiting.start()
        time.sleep(0.5)
        assert waiting.is_alive()
        with socket.create_server(("127.0.0.1", late)):
            waiting.join(10)
    assert not waiting.is_alive()
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"host 0 ({addresses[0]}) of TF_CONFIG waits for {addresses[2]}, where "
        "nobody answers ..."
    )


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
