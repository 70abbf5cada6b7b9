"""Stand-ins for experiments, subjects and mechanisms, and made-up results."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from dystolab.errors import SimulationError, SpecError, UnknownNameError
from dystolab.experiments import reach, reaching
from dystolab.result import Measure, Result


class FakeMechanism(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str] = "purkinje_burst"
    doi: ClassVar[str] = "10.3389/fnsys.2022.919761"
    severity: float = Field(ge=0, le=1)
    period_ms: float = Field(default=100.0, gt=0)

    def apply(self, circuit: Any) -> Any:
        return circuit


@dataclass(frozen=True)
class FakeSubject:
    circuit: str = "mouse-cerebellum"
    mechanisms: tuple[FakeMechanism, ...] = ()
    lesions: tuple[str, ...] = ()
    seed: int = 1
    scale: float = 1.0

    def to_json(self) -> dict[str, Any]:
        faults = [{"name": m.name, "severity": m.severity} for m in self.mechanisms]
        return {"circuit": self.circuit, "scale": self.scale, "seed": self.seed, "mechanisms": faults}


class FakeExperiment(BaseModel):
    """Runs at once; `trouble` of the subject with seed `trouble_seed` is what goes wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str] = "eyeblink"
    circuit: ClassVar[str] = "mouse-cerebellum"
    moves_head: ClassVar[bool] = False
    doi: ClassVar[str] = "10.3389/fnsys.2022.919761"
    trials: int = Field(default=100, gt=0)
    isi_ms: float = Field(default=250.0, gt=0)
    us: bool = True
    trouble: str = ""
    trouble_seed: int = 2

    def run(self, subject: Any, *, threads: int = 2, progress: Any = None, checkpoint_dir: Any = None) -> Result:
        if self.trouble and subject.seed == self.trouble_seed:
            self._go_wrong(Path(checkpoint_dir))
        for done in range(1, 4):
            if progress is not None:
                progress(1000.0 * done, 3000.0)
        return eyeblink_result(subject.seed, self.model_dump(mode="json"), subject.to_json())

    def _go_wrong(self, checkpoint: Path) -> None:
        checkpoint.mkdir(exist_ok=True)
        tried = checkpoint / "tried"
        if tried.exists():
            return  # the second time it works
        tried.write_text("once")
        if self.trouble == "runaway":
            raise SimulationError("purkinje_cell fires at 812 Hz at 120 ms")
        if self.trouble == "spec":
            raise SpecError("the zone is empty")
        if self.trouble == "unknown":
            raise UnknownNameError("population", "granule_cel", ["granule_cell"])
        if self.trouble == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trouble == "interrupt":
            raise KeyboardInterrupt
        if self.trouble == "slow":
            time.sleep(60)
        raise ValueError("a bug")


@dataclass
class FakeModule:
    """Stands for the package of experiments or of mechanisms."""

    NAMES: dict[str, Any]
    kinds: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        if name not in self.kinds:
            raise UnknownNameError("experiment", name, self.kinds)
        return self.kinds[name]


POPULATION_RATES = {
    "mossy_fiber": 4.0,
    "granule_cell": 2.9,
    "golgi_cell": 12.0,
    "purkinje_cell": 90.0,
    "basket_cell": 19.0,
    "stellate_cell": 18.0,
    "dcn_glut": 55.0,
    "dcn_gaba": 13.0,
    "dcn_gly": 11.0,
    "io_cell": 1.0,
}
RUNTIME = {
    "wall_s": 2.0,
    "build_s": 0.5,
    "compile_s": 0.1,
    "biological_s": 4.0,
    "threads": 2,
    "neurons": 33000,
    "synapses": 2_000_000,
    "plastic_synapses": 100_000,
    "peak_rss_mb": 400.0,
    "engine": "numba",
}
PROVENANCE = {"version": "0.1.0", "tables": {"tissue": "0" * 64}, "seed": 1, "platform": "test"}


def rest_result(seed: int = 1, duration_ms: float = 4000.0) -> Result:
    """A made-up result of ``rest``: Poisson spikes."""
    draw = np.random.default_rng(seed)
    arrays: dict[str, Any] = {}
    measures: dict[str, Measure] = {}
    for name, rate in POPULATION_RATES.items():
        cells = 12 if name == "io_cell" else 60
        n = draw.poisson(rate * cells * duration_ms / 1000)
        arrays[f"spikes/{name}/time_ms"] = np.sort(draw.uniform(0, duration_ms, n))
        arrays[f"spikes/{name}/cell"] = draw.integers(0, cells, n, dtype=np.int32)
        arrays[f"counts/{name}"] = draw.poisson(rate * cells / 1000, int(duration_ms))
        measures[f"rate_hz.{name}"] = Measure(rate * (1 + 0.02 * seed), "Hz", (rate * 0.9, rate * 1.1), cells)
        measures[f"isi_cv.{name}"] = Measure(0.5, "1", (0.4, 0.6), cells)
        measures[f"isi_cv2.{name}"] = Measure(0.6, "1", (0.5, 0.7), cells)
    return Result(
        "rest",
        {"duration_ms": duration_ms},
        FakeSubject(seed=seed).to_json(),
        measures,
        dict(POPULATION_RATES),
        dict(RUNTIME),
        dict(PROVENANCE),
        arrays,
    )


def eyeblink_result(
    seed: int = 1, settings: dict[str, Any] | None = None, subject: dict[str, Any] | None = None
) -> Result:
    """A made-up result of ``eyeblink`` in which learning is a straight line."""
    draw = np.random.default_rng(seed)
    settings = settings or {"trials": 100, "isi_ms": 250.0, "us": True}
    trials, time_ms = 20, np.arange(-200.0, 400.0, 5.0)
    in_cs = (time_ms > 50) & (time_ms < 250)
    learned = np.linspace(0, 1, trials)[:, None] * in_cs
    blocks = np.linspace(0, 80, 10) + draw.normal(0, 4, 10)
    arrays = {
        "sdf/time_ms": time_ms,
        "sdf/dcn_glut": 60 + 20 * learned + draw.normal(0, 1, learned.shape),
        "sdf/purkinje_cell": 90 - 40 * learned + draw.normal(0, 1, learned.shape),
        "cr/trial": (draw.random(trials) < 0.5).astype(np.int8),
        "cr/onset_ms": draw.uniform(100, 250, trials),
        "weights/pf_pc/time_ms": np.arange(0.0, 10_000.0, 500.0),
        "weights/pf_pc/mean": np.linspace(0.14, 0.09, 20),
        "weights/pf_pc/p05": np.linspace(0.12, 0.02, 20),
        "weights/pf_pc/p95": np.linspace(0.16, 0.14, 20),
    }
    measures = {
        "cr_percent": Measure(float(blocks.mean()), "%", None, trials, "trials with a conditioned response"),
        "cr_percent_by_block": Measure(blocks.tolist(), "%", None, 10, "the same in each block"),
        "cr_onset_ms": Measure(float("nan"), "ms", None, 0, "mean onset of conditioned responses"),
        "purkinje_change_hz_by_block": Measure((-blocks / 4).tolist(), "Hz", None, 10, "Purkinje cells"),
        "dcn_change_hz_by_block": Measure((blocks / 8).tolist(), "Hz", None, 10, "nuclear cells"),
    }
    return Result(
        "eyeblink",
        settings,
        subject or FakeSubject(seed=seed).to_json(),
        measures,
        dict(POPULATION_RATES),
        dict(RUNTIME),
        dict(PROVENANCE),
        arrays,
    )


def posture_result(seed: int = 1, epoch_s: int = 8) -> Result:
    """A made-up result of ``posture``: upright and turned, one muscle at work, an integrator of known rates."""
    draw = np.random.default_rng(seed)
    n_ms = 2000 + 2 * 1000 * epoch_s
    angles = np.zeros((n_ms, 3), np.float32)
    angles[:, 0] = np.where(np.arange(n_ms) < 2000 + 1000 * epoch_s, 2.0, 29.0)
    emg = np.full((n_ms // 10, 28), 0.02, np.float32)
    emg[:, 3] = 0.4
    rates = np.repeat([40.0, 20.0], [60, 300])  # 60 recorded cells of each of 6 directions
    counts = draw.poisson(rates * n_ms / 1000)
    times, cells = draw.uniform(0, n_ms, counts.sum()), np.repeat(np.arange(360) * 4, counts)
    order = np.argsort(times)
    settings = {"epochs": ["upright", "eccentric"], "epoch_s": epoch_s, "eccentric_deg": [30.0, 0.0, 0.0]}
    return Result(
        "posture",
        {**settings, "pushes": False},
        FakeSubject(circuit="head", seed=seed).to_json(),
        {"head_angle_abs_deg.upright": Measure(2.0, "deg", None, n_ms)},
        {"head_integrator": 23.0},
        dict(RUNTIME),
        dict(PROVENANCE),
        {
            "head/angle_deg": angles,
            "head/activation": emg,
            "emg/envelope_mvc": emg,
            "spikes/head_integrator/time_ms": times[order],
            "spikes/head_integrator/cell": cells[order].astype(np.int32),
            "spikes/head_integrator/recorded": (np.arange(360) * 4).astype(np.int32),
            "counts/head_integrator": np.full(n_ms, 33, np.int32),
            "head/integrator_direction": np.repeat(np.arange(6, dtype=np.int16), 60),
        },
    )


def reach_result(seed: int = 1) -> Result:
    """A made-up result of ``reach``: straight paths but for a bump while the world is changed, and nuclei."""
    draw = np.random.default_rng(seed)
    experiment = reach(practice=0, around=8, baseline=4, adaptation=20, washout=4, world="curl")
    (go, arrive), held = reaching.movement_ms(), reaching.held_ms()
    seen = np.array([reaching.path_m(target)[go:held] for target in experiment.targets_m()])
    bump = np.zeros(held - go)
    bump[: arrive - go] = np.sin(np.linspace(0, np.pi, arrive - go))
    seen[experiment.changed(), :, 0] -= 0.03 * bump
    spikes = 4000
    times = np.sort(draw.uniform(0, experiment.duration_ms, spikes))
    blocks = [0.0, *[30.0] * 5, -10.0]
    return Result(
        "reach",
        experiment.model_dump(mode="json"),
        FakeSubject(circuit="cerebellum-arm", seed=seed).to_json(),
        {"reach_deviation_mm_by_block": Measure([b + seed for b in blocks], "mm", None, 28)},
        {"dcn_glut": 80.0},
        dict(RUNTIME),
        dict(PROVENANCE),
        {
            "arm/seen_m": seen.astype(np.float32),
            "arm/hand_m": np.zeros((experiment.duration_ms, 2), np.float32),
            "arm/nuclear_direction": np.repeat(np.arange(4, dtype=np.int16), 10),
            "spikes/dcn_glut/time_ms": times,
            "spikes/dcn_glut/cell": draw.integers(0, 40, spikes).astype(np.int32),
            "spikes/dcn_glut/recorded": np.arange(40, dtype=np.int32),
            "counts/dcn_glut": np.full(experiment.duration_ms, 3, np.int32),
        },
    )
