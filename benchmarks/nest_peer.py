"""The same graph in NEST (``aeif_cond_alpha_multisynapse``, minimum delay 1 ms): wall seconds per second."""

import argparse
import json
import time

from network import as_adex, static_tissue

from dystolab.circuit import grow
from dystolab.engine.inputs import spike_events
from dystolab.engine.nest import NestEngine


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--threads", type=int, default=2)
    ask.add_argument("--ms", type=float, default=100.0)
    ask.add_argument("--repeats", type=int, default=5)
    args = ask.parse_args()
    circuit = as_adex(static_tissue())
    anatomy = grow(circuit, 1)
    total = args.ms * (args.repeats + 1)
    t = time.perf_counter()
    events = spike_events(circuit, anatomy, 1, 0.0, total)
    names = tuple(p.name for p in circuit.populations)
    engine = NestEngine(circuit, anatomy, 1, threads=args.threads, recording_populations=names, events=events)
    engine.run(args.ms)
    build = time.perf_counter() - t
    walls = []
    for _ in range(args.repeats):
        t = time.perf_counter()
        engine.run(args.ms)
        walls.append((time.perf_counter() - t) / (args.ms / 1000.0))
    rates = {p.name: len(engine.spikes(p.name)[0]) / p.size / total * 1000.0 for p in circuit.populations}
    print(json.dumps({"peer": "nest", "build_s": build, "wall_per_s": walls, "rates_hz": rates}))


if __name__ == "__main__":
    main()
