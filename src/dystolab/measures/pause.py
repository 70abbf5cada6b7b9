"""When Purkinje cells pause in a conditioned stimulus."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dystolab.measures.sdf import spike_density

SIGMA_MS = 5.0
"""Little smoothing: that of published densities (20 ms) would make a pause seem to begin earlier by as much."""

DEPTH_SD = 2.0
SHORTEST_MS = 20


def pause_onset_ms(
    times_ms: npt.NDArray[np.floating], n_cells: int, onsets_ms: npt.NDArray[np.floating], isi_ms: int, before_ms: int
) -> float:
    """Return when the pause begins that holds the lowest mean rate between CS and US, ms after CS onset.

    The rate is the mean density over cells and trials, smoothed by 5 ms and looked at up to 10 ms before CS and US. It
    pauses where it is below its mean before the CS by more than 2 SD, in time, of that rate, for 20 ms or more.

    Parameters
    ----------
    times_ms : ndarray, shape (n,)
        Simple spikes of all cells, in order of time.
    n_cells : int
    onsets_ms : ndarray, shape (n_trials,)
        CS onset of each trial.
    isi_ms : int
        From CS onset to the US.
    before_ms : int
        So much before each onset tells the rate without a stimulus.

    Returns
    -------
    float
        NaN if there is no pause.
    """
    mean = spike_density(times_ms, n_cells, SIGMA_MS, onsets_ms, -before_ms, isi_ms).mean(axis=0)
    rim = round(2 * SIGMA_MS)
    rest, answer = mean[: before_ms - rim], mean[before_ms : before_ms + isi_ms - rim]
    below = answer < rest.mean() - DEPTH_SD * rest.std()
    lowest = int(answer.argmin())
    if not below[lowest]:
        return float("nan")
    above = np.flatnonzero(~below)
    start = int(above[above < lowest].max(initial=-1)) + 1
    stop = int(above[above > lowest].min(initial=len(below)))
    return float(start) if stop - start >= SHORTEST_MS else float("nan")
