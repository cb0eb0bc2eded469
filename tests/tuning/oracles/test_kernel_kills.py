import pytest

from tfgen.tuning import failures


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A kernel's files, with counters that can be set."""
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    monkeypatch.setattr(failures, "PROC", proc)
    monkeypatch.setattr(failures, "CGROUPS", groups)

    def write(machine=0, group=0, boot="0a-0b", version=2):
        boot_id = proc / "sys/kernel/random/boot_id"
        boot_id.parent.mkdir(parents=True, exist_ok=True)
        boot_id.write_text(f"{boot}\n")
        (proc / "vmstat").write_text(f"oom_kill_x 9\noom_kill {machine}\n")
        (proc / "self").mkdir(exist_ok=True)
        line = "0::/a/b\n" if version == 2 else "4:cpu,memory:/a/b\n"
        (proc / "self/cgroup").write_text(line)
        path = (
            groups / "a/b/memory.events"
            if version == 2
            else groups / "memory/a/b/memory.oom_control"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"under_oom 1\noom_kill {group}\n")

    write()
    return write


@pytest.mark.parametrize("version", [1, 2])
def test_counters(version, kernel):
    kernel(3, 4, version=version)
    before = failures.count_kernel_kills()
    assert sorted(before.values()) == [3, 4, 0x0A0B]
    assert not failures.kernel_killed_since(before)
    kernel(3, 5, version=version)
    assert failures.kernel_killed_since(before)
    kernel(4, 4, version=version)
    assert failures.kernel_killed_since(before)
    kernel(4, 5, boot="0c-0d", version=version)
    assert not failures.kernel_killed_since(before)


def test_no_counters(tmp_path, monkeypatch):
    monkeypatch.setattr(failures, "PROC", tmp_path)
    assert failures.count_kernel_kills() == {}
    assert not failures.kernel_killed_since({})


@pytest.mark.parametrize("worker, failed", [("main", True), ("w-1", False)])
def test_process_that_the_kernel_ended(worker, failed, kernel, make):
    oracle = make()
    oracle.create_trial(worker)
    kernel(1)
    resumed = make()
    if failed:
        reason = "out of memory: the kernel ended the process that ran it"
        assert resumed.reasons == {"0000": reason}
        assert resumed.queue == []
    else:  # a chief that ended took its workers along
        assert resumed.reasons == {} and resumed.queue == ["0000"]
