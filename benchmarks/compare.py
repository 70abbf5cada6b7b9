"""dystolab, NEST and Brian2 on the same graph in the same run, turn by turn: ratios, since machines are noisy.

``python benchmarks/compare.py --brian2-python brian/bin/python`` (environments: see the peers' own files; NEST comes
with ``pip install dystolab[nest]``). Prints a table and writes ``benchmarks/results.json``.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from network import export

from dystolab.circuit import load
from dystolab.engine import Simulator

HERE = Path(__file__).parent


def ours(threads: int, repeats: int) -> list[float]:
    """Return wall seconds per biological second of the plastic preset."""
    sim = Simulator(load("mouse-cerebellum"), seed=1, threads=threads)
    sim.run(1000)
    walls = []
    for _ in range(repeats):
        start = time.perf_counter()
        sim.run(1000)
        walls.append(time.perf_counter() - start)
    return walls


def peer(command: list[str]) -> dict:
    """Run a peer and return its JSON line."""
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
    return json.loads(out.stdout.strip().splitlines()[-1])


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--brian2-python")
    ask.add_argument("--threads", type=int, default=2)
    ask.add_argument("--repeats", type=int, default=5)
    args = ask.parse_args()
    common = ["--threads", str(args.threads), "--repeats", str(args.repeats)]
    rounds: dict[str, list[float]] = {"dystolab": ours(args.threads, args.repeats)}
    peers = [peer([sys.executable, "nest_peer.py", *common])]
    rounds["dystolab"] += ours(args.threads, args.repeats)
    if args.brian2_python:
        with tempfile.TemporaryDirectory() as folder:
            export(f"{folder}/network.npz")
            peers.append(peer([args.brian2_python, "brian2_peer.py", f"{folder}/network.npz", *common]))
        rounds["dystolab"] += ours(args.threads, args.repeats)
    mine = float(np.median(rounds["dystolab"]))
    print(f"dystolab: {mine:.3f} s per biological second ({args.threads} threads, median of {len(rounds['dystolab'])})")
    for p in peers:
        rounds[p["peer"]] = p["wall_per_s"]
        theirs = float(np.median(p["wall_per_s"]))
        print(f"{p['peer']}: {theirs:.2f} s/s, {theirs / mine:.0f} times dystolab (median of {len(p['wall_per_s'])})")
    (HERE / "results.json").write_text(
        json.dumps({"threads": args.threads, "wall_per_s": rounds, "peers": peers}, indent=1)
    )


if __name__ == "__main__":
    main()
