"""Ordinary life: what people pay when nothing is wrong. `ordinary` fills in what a payer buys at a given moment."""
