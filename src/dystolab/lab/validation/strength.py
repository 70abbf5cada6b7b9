"""The strength of the neck beside that of men."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from dystolab.body.neck import Neck
from dystolab.lab.validation.rows import Row

MEN_NM = {
    "bending forward": (1, 1.0, 30.0, 6.0),
    "bending back": (1, -1.0, 51.0, 11.0),
    "to one side": (2, 1.0, 32.0, 9.0),
    "turning": (0, 1.0, 13.0, 5.0),
}
"""Direction: axis (yaw, pitch, roll), sign, and the mean and SD of men's strongest torque.

Source: 10.1007/s10439-014-1046-0 (abstract).
"""

WITHIN_SD = 2.0


def rows() -> list[Row]:
    """Return the most torque about one axis with none about the others, upright."""
    neck = Neck()
    torque = np.array([neck.isometric_torque_nm(one) for one in np.eye(len(neck.muscles))])
    found = []
    for what, (axis, sign, mean, sd) in MEN_NM.items():
        others = [k for k in range(3) if k != axis]
        most = -linprog(-sign * torque[:, axis], A_eq=torque[:, others].T, b_eq=[0, 0], bounds=(0, 1)).fun
        off = abs(most - mean) / sd
        found.append(
            Row(f"strength of the neck, {what}", f"{most:.1f} Nm", f"{mean:g} ± {sd:g} Nm, within {WITHIN_SD:g} SD", 1,
                bool(off < WITHIN_SD), "calibration", "men: 10.1007/s10439-014-1046-0")
        )  # fmt: skip
    return found
