"""The control plane: what puts rules, models, lists and the alert rate in force, and what gives them to the stages.

`sending` is for whoever changes something (the command line, `POST /control`), `plane` for the worker whose stages
must go on with exactly what their logs say, `log` reads the topic for both.
"""
