"""What is loaded, taken over and let go of."""

import os
import shutil
import threading
import time

import pytest
import tensorflow as tf

from tfgen.export.batching import read_batching_parameters
from tfgen.export.development_server.served_model import (
    ServedModel,
    load_version,
)
from tfgen.export.development_server.serving_error import ServingError
from tfgen.export.manifest import BATCHING_FILE, WARM_UP_FILE, missing_file


@pytest.fixture
def model(copied_base):
    model = ServedModel(copied_base[0], "model")
    model.refresh()
    yield model
    model.close()


def states(model):
    return {version.number: version.state for version in model.versions}


def add(source, base, number):
    """As `tfgen export` does: whole or not at all."""
    shutil.copytree(source, base / ".temporary")
    os.rename(base / ".temporary", base / str(number))


def ask(version):
    return version.session.run("generate", seed=[1])["x"].tolist()


def test_a_new_version_takes_over(model, copied_base):
    base, other = copied_base
    with model.use() as version:
        before = ask(version)
    add(other, base, 2)
    model.refresh()
    assert states(model) == {2: "AVAILABLE", 1: "END"}
    with model.use() as version:
        assert version.number == 2
        assert ask(version) != before
    with model.use(1) as version:
        assert version is None


def test_a_version_in_use_is_not_closed(model, copied_base):
    base, other = copied_base
    with model.use() as version:
        before = ask(version)
        add(other, base, 2)
        model.refresh()
        assert states(model) == {2: "AVAILABLE", 1: "UNLOADING"}
        assert ask(version) == before
    assert states(model) == {2: "AVAILABLE", 1: "END"}
    assert version.session is None


def test_no_request_fails_while_versions_change(model, copied_base):
    base, other = copied_base
    stop = threading.Event()
    answers, failures = [], []

    def keep_asking():
        while not stop.is_set():
            try:
                with model.use() as version:
                    ask(version)
                    answers.append(version.number)
            except Exception as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in (2, 3, 4):
        add(other, base, number)
        model.refresh()
        ends = time.monotonic() + 20
        while number not in answers and time.monotonic() < ends:
            time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(answers) >= {2, 3, 4}


def test_a_broken_version_changes_nothing_but_the_status(model, copied_base):
    base, other = copied_base
    (base / "2").mkdir()
    (base / "2" / "saved_model.pb").write_bytes(b"no protobuf")
    model.refresh()
    assert states(model) == {2: "END", 1: "AVAILABLE"}
    assert "the C++ loader refused" in model.versions[0].error
    with model.use() as version:
        assert version.number == 1
    shutil.copytree(other, base / "2", dirs_exist_ok=True)  # repaired
    model.refresh()
    assert states(model) == {2: "AVAILABLE", 1: "END"}


def test_a_half_copied_version_is_waited_for(model, copied_base):
    base, other = copied_base
    shutil.copytree(
        other, base / "2", ignore=shutil.ignore_patterns("variables")
    )
    model.refresh()
    assert states(model) == {1: "AVAILABLE"}
    extra = base / "2" / "assets.extra"
    extra.mkdir()
    (extra / "manifest.json").write_text('{"files": {"assets/a.txt": "abc"}}')
    shutil.copytree(other, base / "2", dirs_exist_ok=True)
    model.refresh()
    assert states(model) == {1: "AVAILABLE"}
    (base / "2" / "assets").mkdir(exist_ok=True)
    (base / "2" / "assets" / "a.txt").touch()
    model.refresh()
    assert states(model) == {2: "AVAILABLE", 1: "END"}
    # What is loaded is not let go of for its files.
    shutil.rmtree(base / "2" / "variables")
    model.refresh()
    assert states(model) == {2: "AVAILABLE", 1: "END"}


def test_a_graph_without_variables_needs_none(tmp_path):
    module = tf.Module()
    module.double = tf.function(
        lambda x: {"y": 2 * x}, input_signature=[tf.TensorSpec((None,))]
    )
    path = tmp_path / "1"
    tf.saved_model.save(module, str(path), signatures=module.double)
    shutil.rmtree(path / "variables")
    assert missing_file(path) is None


def test_the_older_version_comes_back_if_the_newer_is_removed(
    model, copied_base
):
    base, other = copied_base
    add(other, base, 2)
    model.refresh()
    shutil.rmtree(base / "2")
    model.refresh()
    assert states(model) == {2: "END", 1: "AVAILABLE"}


def test_closing_waits_for_requests_and_takes_no_new_ones(model):
    closing = threading.Thread(target=model.close)
    with model.use() as version:
        closing.start()
        closing.join(0.2)
        assert closing.is_alive()
        ask(version)
        with pytest.raises(ServingError, match="is stopping") as error:
            with model.use():
                pass
    closing.join(5)
    assert not closing.is_alive()
    assert error.value.http_status == 503
    assert states(model) == {1: "END"}


def test_all_versions(served_base):
    model = ServedModel(served_base, "model", all_versions=True)
    model.refresh()
    assert states(model) == {2: "AVAILABLE", 1: "AVAILABLE"}
    model.close()
    assert states(model) == {2: "END", 1: "END"}


def test_labels_keep_versions(copied_base):
    base, other = copied_base
    model = ServedModel(base, "model", labels={"stable": 1, "canary": 2})
    model.refresh()
    add(other, base, 2)
    add(other, base, 3)
    model.refresh()
    assert states(model) == {
        3: "AVAILABLE",
        2: "AVAILABLE",
        1: "AVAILABLE",
    }
    model.close()


def test_batching_parameters(tmp_path):
    path = tmp_path / BATCHING_FILE
    path.write_text(
        "# As the kit writes it.\n"
        "max_batch_size { value: 64 }\n"
        "batch_timeout_micros { value: 500 }\n"
        "num_batch_threads { value: 3 }\n"
        "max_enqueued_batches { value: 7 }\n"
        "allowed_batch_sizes: 8\nallowed_batch_sizes: 64\n"
    )
    parameters = read_batching_parameters(path)
    assert vars(parameters) == {
        "max_batch_size": 64,
        "batch_timeout_micros": 500,
        "num_batch_threads": 3,
        "max_enqueued_batches": 7,
        "allowed_batch_sizes": (8, 64),
    }


def test_batching_parameters_that_have_no_effect(tmp_path):
    path = tmp_path / BATCHING_FILE
    path.write_text(
        "max_batch_size { value: 64 }\n"
        'thread_pool_name { value: "pool" }\n'
        "pad_variable_length_inputs: true\n"
        "enable_large_batch_splitting { value: true }\n"
        "max_execution_batch_size { value: 8 }\n"
        "allowed_batch_sizes: 4\nallowed_batch_sizes: 8\n"
    )
    parameters = read_batching_parameters(path)
    assert parameters.max_batch_size == 64
    assert parameters.allowed_batch_sizes == ()


def test_refused_batching_parameters(tmp_path):
    path = tmp_path / BATCHING_FILE
    path.write_text("max_batch_sighs { value: 64 }")
    with pytest.raises(ValueError, match="max_batch_sighs"):
        read_batching_parameters(path)


def test_the_parameters_of_the_version_hold(copied_base):
    version = copied_base[0] / "1"
    (version / BATCHING_FILE).write_text("max_batch_size { value: 4 }")
    with load_version(version) as session:
        assert session.run("generate", seed=range(4))["x"].shape[0] == 4
        with pytest.raises(RuntimeError, match="Task size 5 is larger"):
            session.run("generate", seed=range(5))


def test_a_failing_warm_up_fails_the_load(copied_base, write_warm_up):
    version = copied_base[0] / "1"
    write_warm_up(version, "decode", latent=tf.make_tensor_proto([[1.0] * 3]))
    load_version(version).close()
    write_warm_up(version, "decode", latent=tf.make_tensor_proto([[1.0] * 4]))
    with pytest.raises(ValueError, match=r"got an array of shape \(1, 4\)"):
        load_version(version)
    with open(version / WARM_UP_FILE, "r+b") as file:
        file.truncate(20)
    with pytest.raises(ValueError, match="ends early"):
        load_version(version)
