"""Honest numbers: chance lines, intervals by patient, paired tests, calibration, two stages."""
