"""What a worker tells Prometheus under `/metrics`.

`names` holds every metric with its unit and meaning, `stages` counts what stages do, chunk by chunk, `snapshot` looks
at everything else when it is asked, and `deploy/` has the dashboard and the alerts that read them.
"""
