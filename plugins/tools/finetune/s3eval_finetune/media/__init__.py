"""Cutting spans out of videos: copied where that is exact, else encoded anew."""
