"""Who is joined to whom between directions of the head and muscles of the neck, from the geometry alone.

Populations of the brainstem have a group for each of six directions, those of the spinal cord one for each of 28
muscles. A map says how many sources of each group a target of each group takes: most of them ``number``, where the
geometry asks for most.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from dystolab.circuit import neck
from dystolab.circuit.rules import BetweenGroups
from dystolab.circuit.spec import Circuit
from dystolab.circuit.tables import Section
from dystolab.errors import SpecError, UnknownNameError

Array = npt.NDArray[np.float64]

DIRECTIONS = ("yaw_left", "yaw_right", "pitch_down", "pitch_up", "roll_right", "roll_left")
"""Groups of the brainstem, and zones of a cerebellum that is joined to it: two per axis, the positive one first."""

ARM_MUSCLES = 6
"""Groups of cortex and cord in an arm: a bending and a straightening muscle about the shoulder, the elbow, and both."""

ARM_DIRECTIONS = ("shoulder_forward", "shoulder_back", "elbow_bend", "elbow_straighten")
"""Zones of a cerebellum that is joined to an arm: two per joint, each with the muscle that pulls about it alone."""

_SIGN = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
_AXIS = np.array([0, 0, 1, 1, 2, 2])
_SPARING = 1e-3
"""Weight of the shares against the effect that is missed, relative to that of the strongest muscle."""


def per_direction(axes: npt.ArrayLike) -> Array:
    """Return how far a vector over yaw, pitch and roll points in each direction, shape (6,); opposites are negative.

    Examples
    --------
    >>> per_direction([1.0, 0.0, 0.0]).tolist()
    [1.0, -1.0, 0.0, -0.0, 0.0, -0.0]
    """
    return np.asarray(np.asarray(axes, dtype=np.float64)[_AXIS] * _SIGN)


def rule(section: Section) -> BetweenGroups:
    """Return the rule that a table's section describes: ``map``, ``number`` of sources, how they are shared out.

    Raises
    ------
    UnknownNameError
        If there is no such map.
    """
    name = section.text("map")
    if name not in MAPS:
        raise UnknownNameError(f"map in {section.where}", name, MAPS)
    shares = MAPS[name]()
    if "force_power" in section:
        # Force is a power of the sum of what a pool gets: spread like this, what each direction adds is as wanted when
        # all are alike, and opposite directions cancel.
        shares = shares * shares.sum(axis=1, keepdims=True) ** (1.0 / section.number("force_power", "1") - 1.0)
    if "antagonists" in section:
        # Axons branch to many pools: a muscle gets at least so much of what the opposite direction gives it.
        of_opposite = np.array(section.numbers("antagonists", "1", 3))[_AXIS]
        shares = np.maximum(shares, of_opposite * (shares @ _opposite()))
    counts = np.rint(section.number("number", "1") * shares / shares.max()).astype(int)
    return BetweenGroups(counts=tuple(tuple(int(n) for n in row) for row in counts))


def size_of_each(circuit: Circuit, population: str, groups: int) -> int:
    """Return the cells of each group of a population.

    Raises
    ------
    SpecError
        If it has not so many groups of equal size.
    UnknownNameError
        If the circuit has no such population.
    """
    found = circuit.population(population)
    if found.groups != groups or found.size % groups:
        raise SpecError(
            f"population {population!r} of circuit {circuit.name!r} must have {groups} groups of equal size, "
            f"got {found.size} cells in {found.groups}"
        )
    return found.size // groups


def torque_nm() -> Array:
    """Return the torque of each muscle at full activation, upright, shape (28, 3)."""
    return np.array([[m.force_n * arm / 1000.0 for arm in m.arms_mm] for m in neck.muscles()])


def synergies() -> Array:
    """Return the activation of each muscle that turns the head by 1 degree in each direction, shape (28, 6).

    The least activation, in the sense of squares, that pulls about one axis alone, against what resists an upright
    head. That muscles pull together as their moments say: 10.1097/00007632-199802150-00012; the criterion is assumed.
    """
    stiffness = np.array(neck.stiffness_nm_per_rad()) - np.array(neck.toppling_nm_per_rad())
    return np.asarray(_least(torque_nm()) * stiffness[_AXIS] * np.radians(1.0))


def _least(effect: Array) -> Array:
    """Return the least shares of muscles, none negative, of which the `effect` (28, 3) is 1 in one direction alone."""
    n, axes = effect.shape
    system = np.vstack([effect.T, _SPARING * np.abs(effect).max() * np.eye(n)])
    wanted = np.zeros((len(DIRECTIONS), axes))
    wanted[np.arange(len(DIRECTIONS)), _AXIS] = _SIGN
    return np.array([nnls(system, np.concatenate([w, np.zeros(n)]))[0] for w in wanted]).T


def _same(n: int) -> Array:
    return np.eye(n)


def _opposite() -> Array:
    return _paired(len(DIRECTIONS) // 2)


def _against() -> Array:
    """Return, by muscle, how much a movement in each direction wants it to resist: the synergy of the opposite one."""
    return synergies() @ _opposite()


def _stretch() -> Array:
    """Return, by direction, what share of each muscle's stretch, as spindles tell it, tells of that direction alone.

    All directions hear alike in sum, so that an upright head biases none.
    """
    arms_mm = np.array([m.arms_mm for m in neck.muscles()])
    stretch = -arms_mm / np.array(neck.excursions_mm())[:, None]
    shares = _least(stretch).T
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _contralateral_antagonists() -> Array:
    """Return, by muscle, how far those of the other side pull the opposite way: the negative cosine of torques."""
    torque = torque_nm()
    unit = torque / np.linalg.norm(torque, axis=1, keepdims=True)
    n = len(torque) // 2
    other_side = np.kron(_paired(1), np.ones((n, n)))
    return np.asarray(np.maximum(-unit @ unit.T, 0.0) * other_side)


def _about_joint() -> Array:
    """Return, by muscle, the directions of joints in which it pulls: those about both joints share two."""
    return np.vstack([np.eye(len(ARM_DIRECTIONS)), 0.5 * np.tile(np.eye(2), 2)])


def _paired(pairs: int) -> Array:
    return np.kron(np.eye(pairs), np.array([[0.0, 1.0], [1.0, 0.0]]))


MAPS: dict[str, Callable[[], Array]] = {
    "same_direction": lambda: _same(len(DIRECTIONS)),
    "opposite_direction": _opposite,
    "synergy": synergies,
    "resisting": _against,
    "stretched": _stretch,
    "same_muscle": lambda: _same(len(neck.muscles())),
    "contralateral_antagonists": _contralateral_antagonists,
    "same_arm_muscle": lambda: _same(ARM_MUSCLES),
    "arm_antagonist": lambda: _paired(ARM_MUSCLES // 2),
    "about_joint": _about_joint,
    "same_arm_direction": lambda: _same(len(ARM_DIRECTIONS)),
}
"""Name: function that returns shares, one row per group of targets, one column per group of sources."""
