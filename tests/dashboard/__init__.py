"""The dashboard in a real browser: Debian's chromium where it is installed, else a visible skip."""
