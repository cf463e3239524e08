"""The pages of `docs/reference`, made from the code that they describe: `make reference`.

A test holds each page equal to what is made here, so that none can go stale.
"""
