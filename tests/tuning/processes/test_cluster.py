import os

import pytest

from tfgen.tuning.processes import cluster

VARIABLES = (cluster.ADDRESS, cluster.PORT, cluster.NAME)


@pytest.fixture
def environment(monkeypatch):
    def environment(*values):
        for name, value in zip(VARIABLES, values, strict=True):
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return environment


@pytest.mark.parametrize(
    "values, chief, worker",
    [
        ((None, None, None), False, False),
        (("127.0.0.1", "8000", "chief"), True, False),
        (("127.0.0.1", "8000", "my-chief-1"), True, False),
        (("127.0.0.1", "8000", "worker-1"), False, True),
    ],
)
def test_parts(values, chief, worker, environment):
    environment(*values)
    assert (cluster.is_chief(), cluster.is_worker()) == (chief, worker)


def test_half_set(environment):
    environment("127.0.0.1", None, "worker-1")
    with pytest.raises(ValueError, match="but KERASTUNER_ORACLE_PORT is not"):
        cluster.is_worker()


def test_port(environment):
    environment("127.0.0.1", "http", "worker-1")
    with pytest.raises(ValueError, match="a number, got 'http'"):
        cluster.address()


@pytest.mark.parametrize(
    "before, after",
    [
        ({}, "10.0.0.1"),
        ({"no_proxy": "localhost"}, "10.0.0.1,localhost"),
        ({"no_proxy": "localhost", "no_grpc_proxy": "a,b"}, "10.0.0.1,a,b"),
    ],
)
def test_without_proxy(before, after, environment, monkeypatch):
    environment("10.0.0.1", "8000", "worker-1")
    for name in cluster.WITHOUT_PROXY:
        monkeypatch.setenv(name, "")  # put back afterwards
        monkeypatch.delenv(name)
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    cluster.reach_without_proxy()
    assert os.environ["no_grpc_proxy"] == after


def test_for_another_search(monkeypatch, tmp_path):
    monkeypatch.delenv(cluster.SEARCH, raising=False)
    assert not cluster.is_for_another_search("a")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(cluster.SEARCH, str(tmp_path / "a"))
    assert not cluster.is_for_another_search("a")
    assert cluster.is_for_another_search("b")
