"""How state lies in memory: blocks of cells, one row of ``lanes`` values per variable.

A block holds ``lanes`` neighbouring cells of one population; its rows lie one after the other in a flat array, so
that the compiler sees constant distances between rows and vectorises the update without run-time checks. ``LEAN``
blocks carry two receptors and nothing that changes by itself; ``FULL`` blocks carry four receptors, external
conductances, slow variables and gap currents. A *part* is a run of blocks that one thread steps as a unit; parts
do not depend on the number of threads, so results do not either.
"""

from __future__ import annotations

from typing import Final

# Rows of every block.
V, D, A, CV, CI, H, Q0 = 0, 1, 2, 3, 4, 5, 6
"""Voltage; depolarising and adaptation current; the two bias terms; hazard left; first conductance pair (g, dg)."""

LEAN_LANES: Final = 128
LEAN_RECEPTORS: Final = 2
LEAN_ROWS: Final = Q0 + 2 * LEAN_RECEPTORS
LEAN_VECTOR: Final = 16
"""Lanes of a lean block that are looked at together for being near threshold."""
LEAN_VECTORS: Final = LEAN_LANES // LEAN_VECTOR

FULL_LANES: Final = 32
FULL_RECEPTORS: Final = 4
# Rows of a full block after its conductances: extra current, external conductance and its drive, Ornstein-Uhlenbeck
# current, ion concentration, spikelet (mV), T-current gate, slow current of this chunk.
IX, SX, EX, OU, ION, SPK, GATE, ISLOW = (Q0 + 2 * FULL_RECEPTORS + k for k in range(8))
FULL_ROWS: Final = Q0 + 2 * FULL_RECEPTORS + 8

HOLD_ROWS: Final = Q0 + 2 * FULL_RECEPTORS
"""Rows of a refractory cell that are put aside while its block is stepped."""

TILE_BLOCKS: Final = 4
"""Lean blocks that stay in the innermost cache while they are stepped through one chunk."""

MAX_LEAN_PARTS: Final = 16
MAX_FULL_PARTS: Final = 4
FULL_PART_CELLS: Final = 512

# Kinds of part.
LEAN, FULL_EGLIF, FULL_ADEX, RELAY = 0, 1, 2, 3

# Columns of the integer table of populations.
(
    P_KIND,
    P_REF,
    P_FREEZE,
    P_SUB,
    P_DYNAMIC,
    P_SIZE,
    P_GID,
    P_HIST,
    P_HIST_MASK,
    P_STEP,
    P_STEP_MASK,
    P_CHAIN,
    P_RECORD,
    P_OU,
    P_PUMP,
    P_GAP_LO,
    P_GAP_HI,
    P_MS,
    P_RECEPTORS,
    P_ROOM,
    P_PAUSE,
) = range(21)
N_POP_INT: Final = 21

# Columns of the real table of populations.
P11, P12, P13, P31, P32, P33, P22, K4, KV, KI = range(10)
YA, YB, VMIN_STEP, VMIN_CHUNK, KIV, KII, V_RESET, A1, A2, H_RESET = range(10, 20)
DEC, DECQ, E2 = 20, 24, 28
OU_MEAN, OU_DECAY, OU_KICK = 32, 33, 34
PUMP_IN, PUMP_RATE, PUMP_HALF, PUMP_I = 35, 36, 37, 38
# Adaptive exponential cells reuse the columns from 40 on.
X_GL, X_EL, X_VT, X_DT, X_A, X_TAUW, X_PEAK, X_C, X_B, X_H = range(40, 50)
X_GT, X_ECA, X_MH, X_MK, X_HH, X_HK, X_TH1, X_TH2 = range(50, 58)
SPIKELET, SPIKELET_FADE, V_NEAR = 58, 59, 60
N_POP_REAL: Final = 61

# Columns of the integer table of parts.
T_POP, T_BASE, T_BLOCKS, T_BLOCK0, T_CELL0, T_CELLS = range(6)
T_KIND, T_SPIKES, T_EVENTS, T_EVENT_CAP, T_HEADS, T_HOLD = range(6, 12)
N_PART_INT: Final = 12

# Columns of the integer table of projections.
J_PRE, J_POST, J_ROW, J_DELAY, J_TM, J_PLASTIC, J_RING, J_RING_LEN, J_PTR, J_STRIDE = range(10)
N_PROJ_INT: Final = 10

# Kinds of short-term plasticity.
TSODYKS_MARKRAM, VESICLE_POOLS = range(2)

# Status of a call of the kernel.
OK, GROW_EVENTS, GROW_HISTORY, RECORD_FULL, NOT_FINITE = range(5)

# How threads share a chunk: words of the array between them, each in its cache line (a ticket per thread; the number
# of the chunk that was begun is for the leading thread alone), and what a ticket counts: parts taken from the thread's
# list, and above that chunks since the step of the inputs.
LINE: Final = 8
DONE: Final = 0
BEGUN: Final = 1
TICKET: Final = LINE
CHUNK: Final = 1 << 20
FINISHED: Final = -(1 << 60)
PATIENCE: Final = 400_000  # looks for work, some 1 ms in all: longer than a body takes between two calls
