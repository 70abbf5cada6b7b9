"""Findings as tests: what a published finding asks of a model, and whether the model does it.

A check is a measurement, not a target: nothing is tuned on it, and a model that disagrees stays as it is.
"""
