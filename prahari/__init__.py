"""One command line for all of Prahari: `prahari --help`, or `python -m prahari --help` in the repository."""
