"""How fast a curve of responses rises: what a second training saves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

HALF_PERCENT = 50.0


def unlearned(curve: npt.ArrayLike) -> bool:
    """Return whether fewer than half of the trials of the last block have a response.

    Of who still responds more often after extinction no saving can be told: its first block is above half already.

    Parameters
    ----------
    curve : array_like, shape (n_blocks,)
        Of extinction: trials with a response, %.

    Examples
    --------
    >>> unlearned([80.0, 20.0]), unlearned([80.0, 60.0])
    (True, False)
    """
    return bool(np.asarray(curve, dtype=float)[-1] < HALF_PERCENT)


def blocks_to_half(curve: npt.ArrayLike) -> int:
    """Return the first block with responses in half of the trials; one more than there are if none has.

    Parameters
    ----------
    curve : array_like, shape (n_blocks,)
        Trials with a response, %; NaN where no trial counts.

    Examples
    --------
    >>> blocks_to_half([10.0, 49.0, 50.0, 20.0]), blocks_to_half([10.0, 20.0])
    (3, 3)
    """
    found = np.asarray(curve, dtype=float)
    reached = np.flatnonzero(np.nan_to_num(found) >= HALF_PERCENT)
    return int(reached[0]) + 1 if reached.size else found.size + 1
