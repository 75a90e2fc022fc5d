"""Facts the contracts speak of: videos and annotation, clips and footage, tallies."""
