"""Free text to readings: yes/no, side, time, list, JSON."""
