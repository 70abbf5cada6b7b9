"""The exported network in Brian2 (C++ standalone, OpenMP): wall seconds per biological second.

Runs in an environment of its own (Brian2 2.9 needs numpy < 2.4):
``python -m venv brian && brian/bin/pip install "numpy<2.4" brian2``, then
``brian/bin/python benchmarks/brian2_peer.py NETWORK.npz --threads 2``. Prints one JSON line. Teaching spikes are left
out (parallel-fibre synapses only potentiate), which spares Brian2 work that dystolab does.
"""

import argparse
import json
import tempfile
import time

import brian2 as b2
import numpy as np

MODEL = """
dv/dt = leak*(v-E_L)/tau_m + (i_dep - i_adap + I_e + i_syn)/C_m : 1 (unless refractory)
di_dep/dt = -k1*i_dep : 1
di_adap/dt = k_adap*(v-E_L) - k2*i_adap : 1
i_syn = g1*(e1-v) + g2*(e2-v) + g3*(e3-v) + g4*(e4-v) : 1
dg1/dt = q1 - g1/t1 : 1
dq1/dt = -q1/t1 : 1
dg2/dt = q2 - g2/t2 : 1
dq2/dt = -q2/t2 : 1
dg3/dt = q3 - g3/t3 : 1
dq3/dt = -q3/t3 : 1
dg4/dt = q4 - g4/t4 : 1
dq4/dt = -q4/t4 : 1
"""


def group(name, size, cell):
    """Return a neuron group with the cell's parameters in ms, mV, pA, nS and pF, all without units."""
    eqs = MODEL.replace("/tau_m", "/(tau_m*ms)").replace("I_e + i_syn)/C_m", "I_e + i_syn)/(C_m*ms)")
    eqs = eqs.replace("-k1*i_dep", "-k1*i_dep/ms").replace(
        "k_adap*(v-E_L) - k2*i_adap", "(k_adap*(v-E_L) - k2*i_adap)/ms"
    )
    for k in range(1, 5):
        eqs = eqs.replace(f"q{k} - g{k}/t{k}", f"(q{k} - g{k}/t{k})/ms").replace(f"-q{k}/t{k}", f"-q{k}/(t{k}*ms)")
    space = dict(cell["constants"])
    g = b2.NeuronGroup(
        size, eqs, method="euler", name=name, namespace=space,
        threshold="rand() < 1 - exp(-lambda_0*exp((v-V_th)/tau_V)*dt/ms)",
        reset="v = V_reset; i_dep = A1; i_adap += A2", refractory=space["t_ref"] * b2.ms,
    )  # fmt: skip
    g.v = space["v_init"]
    return g


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("network")
    ask.add_argument("--threads", type=int, default=2)
    ask.add_argument("--ms", type=float, default=500.0)
    ask.add_argument("--repeats", type=int, default=5)
    args = ask.parse_args()
    data = np.load(args.network, allow_pickle=False)
    spec = json.loads(str(data["spec"]))
    b2.set_device("cpp_standalone", directory=tempfile.mkdtemp(), build_on_run=False)
    b2.prefs.devices.cpp_standalone.openmp_threads = args.threads
    b2.defaultclock.dt = 0.1 * b2.ms
    b2.seed(1)
    groups = {}
    for pop in spec["populations"]:
        if pop["constants"] is None:
            groups[pop["name"]] = b2.PoissonGroup(pop["size"], pop["rate_hz"] * b2.Hz, name=pop["name"])
        else:
            groups[pop["name"]] = group(pop["name"], pop["size"], pop)
    objects = list(groups.values())
    for p in spec["projections"]:
        rise = f"q{p['receptor']}_post += w*{np.e / p['tau_ms']}"
        if p["plastic"]:
            rise = f"w = clip(w + {p['a_plus']}, 0, {p['w_max']})\n" + rise
        syn = b2.Synapses(
            groups[p["pre"]], groups[p["post"]], "w : 1", on_pre=rise, delay=p["delay_ms"] * b2.ms, name=p["name"]
        )
        syn.connect(i=data[p["name"] + "/pre"], j=data[p["name"] + "/post"])
        syn.w = data[p["name"] + "/w"]
        objects.append(syn)
    monitors = [b2.PopulationRateMonitor(g) for g in groups.values()]
    net = b2.Network(objects + monitors)
    net.run(args.ms * b2.ms)
    t = time.perf_counter()
    b2.device.build(run=False, compile=True)
    build = time.perf_counter() - t
    walls = []
    for _ in range(args.repeats):
        b2.device.run(with_output=False)
        walls.append(b2.device._last_run_time / (args.ms / 1000.0))
    rates = {n: float(np.mean(m.rate / b2.Hz)) for n, m in zip(groups, monitors, strict=False)}
    print(json.dumps({"peer": "brian2", "build_s": build, "wall_per_s": walls, "rates_hz": rates}))


if __name__ == "__main__":
    main()
