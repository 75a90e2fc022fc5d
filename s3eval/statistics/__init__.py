"""Honest numbers: chance levels, intervals by patient, paired tests, calibration, two stages."""
