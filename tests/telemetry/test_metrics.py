"""Figures: their names, few labels, and several workers summed up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from api.telemetry.metrics import Metrics

NAMES = {
    "jorei_decisions_total": {"decision", "reason_code", "procedure_group"},
    "jorei_decision_seconds_count": set(),
    "jorei_errors_total": {"kind"},
    "jorei_log_append_seconds_count": set(),
    "jorei_log_size": set(),
    "jorei_log_last_checkpoint_age_seconds": set(),
    "jorei_permits_total": {"state"},
    "jorei_permit_replay_rejected_total": set(),
    "jorei_ruleset_info": {"version"},
    "jorei_law_revision_age_days": set(),
    "jorei_pia_blocks_total": set(),
    "jorei_db_pool_size": set(),
}


def _samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def _used() -> Metrics:
    metrics = Metrics()
    metrics.decided(True, "none", "welfare", 0.001)
    metrics.decided(False, "U0101", "welfare", 0.002)
    metrics.failed("D0414")
    metrics.appended(0.004, 17)
    metrics.permit("issued")
    metrics.replay_rejected()
    metrics.pia_block()
    metrics.ruleset("r1")
    metrics.law_age(40)
    metrics.pool(5, 1, 0)
    return metrics


def test_the_names_that_administrators_were_promised() -> None:
    metrics = _used()
    metrics.probe(lambda m: m.checkpoint_age(12))
    samples = _samples(metrics)
    for name, labels in NAMES.items():
        assert any(n == name and {k for k, _ in pairs} == labels for n, pairs in samples), name
    assert samples[("jorei_log_last_checkpoint_age_seconds", ())] == 12, "probes are asked at every reading"
    assert samples[("jorei_log_size", ())] == 17
    assert not any(name.endswith("_created") for name, _ in samples)


@given(
    st.lists(
        st.tuples(st.booleans(), st.floats(0, 2) | st.sampled_from([0.001, 0.00005, 1.0]), st.integers(1, 5)),
        max_size=20,
    )
)
def test_many_counted_at_once_are_many_counted_one_by_one(made: list[tuple[bool, float, int]]) -> None:
    single, together = Metrics(), Metrics()
    for lawful, seconds, count in made:
        for _ in range(count):
            single.decided(lawful, "none", "other", seconds)
            single.requested("/v1/decisions", 200)
        together.requested("/v1/decisions", 200, count=count)
        together.decided(lawful, "none", "other", seconds, count=count)
    gathered = Metrics()
    for said in (True, False):
        times = [seconds for lawful, seconds, count in made for _ in range(count) if lawful is said]
        if times:
            gathered.decided_in(said, "none", "other", times)
    expected, found, others = _samples(single), _samples(together), _samples(gathered)
    assert found == pytest.approx(expected)
    assert others == pytest.approx({name: n for name, n in expected.items() if "http" not in name[0]})


def test_a_new_rule_set_takes_the_place_of_the_one_before() -> None:
    metrics = _used()
    metrics.ruleset("r2")
    samples = _samples(metrics)
    assert samples[("jorei_ruleset_info", (("version", "r1"),))] == 0
    assert samples[("jorei_ruleset_info", (("version", "r2"),))] == 1


def test_labels_stay_few_whatever_is_counted() -> None:
    metrics = Metrics()
    for n in range(5_000):
        metrics.failed(f"kind-{n}")
        metrics.decided(n % 2 == 0, f"code{n}", f"group{n}", 0.001)
    samples = _samples(metrics)
    assert sum(name == "jorei_errors_total" for name, _ in samples) <= 101
    assert sum(name == "jorei_decisions_total" for name, _ in samples) <= 205
    assert samples[("jorei_errors_total", (("kind", "other"),))] == 4_900
    assert sum(v for (name, _), v in samples.items() if name == "jorei_decisions_total") == 5_000, "nothing is lost"


@pytest.mark.parametrize("value", ["", "石巻市", "a b", 'x"y', "x" * 81, "a\nb", "123456789012"])
def test_values_of_another_form_are_other(value: str) -> None:
    metrics = Metrics()
    metrics.failed(value)
    assert _samples(metrics)[("jorei_errors_total", (("kind", "other"),))] == 1


def test_counting_a_decision_costs_a_few_microseconds() -> None:
    metrics = _used()

    def round_() -> float:
        start = thread_time()
        for _ in range(500):
            metrics.decided(True, "none", "welfare", 0.001)
        return (thread_time() - start) / 500

    assert min(round_() for _ in range(20)) < 10e-6


_WORKER = """
import sys
from api.telemetry.metrics import Metrics
m = Metrics()
assert m.shared
for _ in range(int(sys.argv[1])):
    m.decided(True, "none", "welfare", 0.001)
m.appended(0.001, int(sys.argv[1]))
m.ruleset("r1")
m.pool(5, 1, 0)
m.ready(sys.argv[2] == "ready")
print("up", flush=True)
sys.stdin.readline()
sys.stdout.buffer.write(m.render())
"""


def test_several_workers_are_summed_up(tmp_path: Path) -> None:
    """Two real processes share one folder, as `jorei serve --workers 2` starts them."""
    starter = (
        "import json, os, sys\n"
        "from pathlib import Path\n"
        "from api.telemetry.metrics import prepare_workers\n"
        "assert 'prometheus_client' not in sys.modules\n"
        f"prepare_workers(Path({str(tmp_path / 'figures')!r}))\n"
        "print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('PROMETHEUS')}))\n"
    )
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "counter_1.db").write_bytes(b"left over")
    told = subprocess.run([sys.executable, "-c", starter], capture_output=True, check=True, text=True).stdout
    assert not list((tmp_path / "figures").iterdir()), "what a run before left is gone"
    import os

    environment = os.environ | json.loads(told)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, count, state],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for count, state in (("3", "ready"), ("4", "not"))
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"up\n"
    shown, _ = workers[0].communicate(b"\n", timeout=30)
    workers[1].communicate(b"\n", timeout=30)
    assert [w.returncode for w in workers] == [0, 0]
    families = text_string_to_metric_families(shown.decode())
    values = {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}
    key = (("decision", "true"), ("procedure_group", "welfare"), ("reason_code", "none"))
    assert values[("jorei_decisions_total", key)] == 7
    assert values[("jorei_log_size", ())] == 4, "the longest that a worker saw"
    assert values[("jorei_db_pool_size", ())] == 10
    assert values[("jorei_ready", ())] == 0, "one that is not ready is seen"
    assert values[("jorei_ruleset_info", (("version", "r1"),))] == 1
