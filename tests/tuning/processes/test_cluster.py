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
