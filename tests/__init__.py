"""Tests, by package; `processes` and `topics` are what several of them share."""
