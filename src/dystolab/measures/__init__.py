"""Measures: pure functions from recordings to numbers, one idea per file, and the public list of their names.

Spikes of a population come as two arrays: times (ms, in order) and the cell of each.
"""

from __future__ import annotations

POPULATIONS: tuple[str, ...] = (
    "mossy_fiber",
    "glomerulus",
    "granule_cell",
    "golgi_cell",
    "purkinje_cell",
    "basket_cell",
    "stellate_cell",
    "dcn_glut",
    "dcn_gaba",
    "dcn_gly",
    "io_cell",
    "ubc_on_fast",
    "ubc_on_middle",
    "ubc_on_slow",
    "ubc_off",
    "red_nucleus",
    "facial_motoneuron",
    "head_integrator",
    "integrator_inhibitory",
    "reticulospinal",
    "vestibulospinal",
    "neck_motoneuron",
    "renshaw_cell",
    "ia_interneuron",
    "corticospinal",
    "arm_motoneuron",
    "arm_renshaw_cell",
    "arm_ia_interneuron",
    "lateral_reticular",
    "head_command",
    "vestibular_afferent",
    "spindle_ia",
    "spindle_ii",
    "arm_command",
    "arm_spindle_ia",
    "arm_spindle_ii",
    "reach_plan",
    "reach_error",
)

FAMILIES: dict[str, tuple[str, str]] = {
    "rate_hz": ("Hz", "mean firing rate over cells"),
    "isi_cv": ("1", "coefficient of variation of interspike intervals, mean over cells"),
    "isi_cv2": ("1", "local variation of successive interspike intervals, mean over cells"),
    "isi_skewness": ("1", "2 (1/median interval - rate) / (1/median interval + rate), mean over cells"),
    "isi_above_25ms": ("1", "share of interspike intervals above 25 ms, mean over cells"),
    "silent_fraction": ("1", "share of cells without a spike"),
}
"""Measures of a population: their full name is ``<family>.<population>``."""

EPOCHS: tuple[str, ...] = ("upright", "free", "eccentric", "dark", "released")

BY_EPOCH: dict[str, tuple[str, str]] = {
    "head_angle_abs_deg": ("deg", "mean angle of the one rotation between the head and its target"),
    "head_largest_deg": ("deg", "largest angle of that rotation"),
    "head_yaw_deg": ("deg", "mean turn of the head, positive to the left"),
    "head_pitch_deg": ("deg", "mean nod of the head, positive down"),
    "head_roll_deg": ("deg", "mean tilt of the head, positive to the right"),
    "head_sd_deg": ("deg", "standard deviation of the head about its own mean between taps, all axes together"),
    "within_10deg_percent": ("%", "share of time with the head within 10 degrees of neutral"),
    "drift_time_constant_s": ("s", "time constant of the head's drift to its null; infinite without drift"),
    "tremor_peak_hz": ("Hz", "peak of the spectrum of head angle, 1-12 Hz, about the axis of most power"),
    "tremor_power_deg2": ("deg**2", "variance of head angle between taps, 1-12 Hz, about the axis of most power"),
    "cocontraction_index_percent": (
        "%",
        "overlap of envelopes of opposed muscles (Falconer & Winter); axis of most effort",
    ),
    "cocontraction_rudolph": ("1", "ratio of the weaker to the stronger of them times their sum, 0 to 2 (Rudolph)"),
    "overflow_percent": ("%", "mean EMG of muscles outside the task over that of its own, each by its maximum"),
    "neck_emg_percent": ("%", "mean EMG of all neck muscles, each by its strongest voluntary contraction"),
}
"""Measures of an epoch of `posture`: their full name is ``<name>.<epoch>``."""

_ALONE: dict[str, tuple[str, str]] = {
    "simple_spike_rate_hz": ("Hz", "rate of Purkinje cells without their complex spikes"),
    "simple_spike_cv": ("1", "coefficient of variation of simple-spike intervals"),
    "simple_spike_cv2": ("1", "local variation of successive simple-spike intervals"),
    "complex_spike_rate_hz": ("Hz", "rate of complex spikes; a burst of the climbing fibre counts once"),
    "complex_spike_cv": ("1", "coefficient of variation of complex-spike intervals"),
    "complex_spike_cv2": ("1", "local variation of successive complex-spike intervals"),
    "olive_synchrony": ("1", "mean correlation of olivary pairs in 10 ms bins"),
    "olive_synchrony_excess": ("1", "mean correlation of olivary pairs above that of trains rotated in time"),
    "cr_percent": ("%", "trials with a conditioned response, by the published nuclear-rate rule"),
    "cr_percent_by_block": ("%", "trials with a conditioned response in each block"),
    "cr_percent_probe": ("%", "trials with a conditioned response among those without US"),
    "cr_onset_ms": ("ms", "start of the rise to a conditioned response, after CS onset"),
    "cr_onset_before_us_ms": ("ms", "start of the rise to a conditioned response, before US onset"),
    "early_response_percent": ("%", "trials that do not count: over the threshold within 100 ms of CS onset"),
    "early_response_percent_by_block": ("%", "trials over the threshold within 100 ms, in each block"),
    "motor_output_peak_hz_by_block": ("Hz", "highest smoothed nuclear rate above baseline, 100 ms to US"),
    "lid_cr_percent": ("%", "stable trials with a response of the lid: more than 5 % closure before the US"),
    "lid_cr_percent_by_block": ("%", "stable trials with a response of the lid, in each block"),
    "lid_cr_100ms_percent": ("%", "stable trials with at least 10 % closure from 100 ms after the CS to the US"),
    "lid_cr_100ms_percent_by_block": ("%", "the same in each block"),
    "lid_stable_percent": ("%", "trials in which the lid is steady before the CS; the others do not count"),
    "lid_chance_percent": ("%", "responses that the rule finds before the CS, where there is no stimulus"),
    "lid_onset_ms": ("ms", "start of the lid's response after CS onset; last block"),
    "lid_peak_ms": ("ms", "highest closure after CS onset, before the US where there is one; last block"),
    "lid_peak_probe_ms": ("ms", "highest closure after CS onset in trials without US"),
    "lid_peak_fec_by_block": ("1", "highest closure above baseline (1: fully closed), in each block"),
    "dcn_facilitating_percent": ("%", "nuclear cells (all) that rise by 5 Hz or more in the 200 ms before the US"),
    "dcn_facilitation_hz": ("Hz", "mean rise of the facilitating cells"),
    "dcn_suppressed_percent": ("%", "nuclear cells (all) that fall by 5 Hz or more in the 200 ms before the US"),
    "dcn_lead_ms": ("ms", "by how much the rate of facilitating cells leads the lid, trial by trial"),
    "purkinje_pause_ms": (
        "ms",
        "lid's zone: start of the simple-spike pause with the lowest rate before the US; last block",
    ),
    "dcn_baseline_hz": ("Hz", "lid's zone: nuclear rate between naive trial and training, the rule's baseline"),
    "purkinje_change_hz": ("Hz", "lid's zone: simple spikes, 100 ms before the US - those before the CS; last block"),
    "purkinje_change_hz_by_block": ("Hz", "lid's zone: simple spikes, 100 ms before the US - those before the CS"),
    "purkinje_learned_hz": ("Hz", "lid's zone: simple spikes in the 100 ms before the US: last block - naive trial"),
    "purkinje_sdf_change_hz": ("Hz", "lid's zone: Purkinje spike density 150-200 ms after CS onset - first 100 ms"),
    "dcn_change_hz": ("Hz", "lid's zone: nuclear rate in the 100 ms before the US - that before the CS; last block"),
    "dcn_change_hz_by_block": ("Hz", "lid's zone: nuclear rate in the 100 ms before the US - that before the CS"),
    "dcn_learned_hz": ("Hz", "lid's zone: nuclear rate in the 100 ms before the US: last block - naive trial"),
    "dcn_sdf_change_hz": ("Hz", "lid's zone: nuclear spike density 150-200 ms after CS onset - baseline; last block"),
    "olive_spikes_per_us": ("1", "lid's zone: spikes of an olivary cell during one unconditioned stimulus"),
    "time_error_ms": ("ms", "root mean square error of the time since onset that is read from granule cells"),
    "time_error_stimulus_ms": ("ms", "the same, read from the mossy fibres: what the stimulus itself tells"),
    "time_error_abs_ms": ("ms", "mean size of the error of the time since onset that is read from granule cells"),
    "time_error_ms_by_time": ("ms", "root mean square error around 0, 50, 100 ... ms after onset"),
    "head_severity_score": ("1", "0 to 4: the distance from neutral that the head keeps, in grades of the TWSTRS"),
    "twstrs_rotation": ("1", "grade of the largest turn of the head, item A1 of the TWSTRS: 0 to 4"),
    "twstrs_severity": (
        "1",
        "items of the TWSTRS from angles and time, 0 to 24 of 35; held to the end: for 60 s",
    ),
    "reach_path_ratio": ("1", "length of the hand's path over its straight distance; to all targets"),
    "reach_peak_speed_m_per_s": ("m/s", "highest speed of the hand; to all targets"),
    "reach_peak_time_ms": ("ms", "time from the planned start of the reach to the highest speed; to all targets"),
    "reach_end_error_mm": ("mm", "distance from the target when the reach should be over; to all targets"),
    "reach_held_error_mm": ("mm", "distance from the target at the end of the hold; to all targets"),
    "reach_deviation_mm_by_block": (
        "mm",
        "mean distance of the seen hand to the left of the straight way, by block",
    ),
    "reach_deviation_early_mm": ("mm", "the same in the first changed block - before the change"),
    "reach_deviation_late_mm": ("mm", "the same in the last two changed blocks - before the change"),
    "reach_aftereffect_mm": ("mm", "the same in the first block after the change - before it"),
    "reach_adaptation_percent": ("%", "share of the first changed block's deviation that is gone in the last two"),
    "adaptation_rate": ("1", "rate per trial at which errors approach their final level"),
    "weight_change_percent.pf_pc": ("%", "change of the mean weight from parallel fibre to Purkinje cell"),
}

NAMES: dict[str, tuple[str, str]] = {
    **{
        f"{family}.{population}": (unit, f"{text} ({population.replace('_', ' ')})")
        for family, (unit, text) in FAMILIES.items()
        for population in POPULATIONS
    },
    **{f"{name}.{epoch}": (unit, f"{text} ({epoch})") for name, (unit, text) in BY_EPOCH.items() for epoch in EPOCHS},
    **_ALONE,
}
"""Name of a measure -> its unit and what it is; changes only with the schema version of results."""


def told(name: str) -> tuple[str, str]:
    """Return unit and description of a measure; also of a population that is not in `POPULATIONS`.

    Examples
    --------
    >>> told("rate_hz.pontine_cell")
    ('Hz', 'mean firing rate over cells (pontine cell)')
    """
    if name in NAMES:
        return NAMES[name]
    family, _, population = name.partition(".")
    if family == "weight_change_percent":
        return "%", f"change of the mean weight ({population})"
    unit, text = FAMILIES[family]
    return unit, f"{text} ({population.replace('_', ' ')})"
