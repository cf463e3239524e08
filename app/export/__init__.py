"""`python -m app.export`: what a deployment took in, with its verdicts and the order it was worked in, as a history.

`logs` reads topics, `survey` looks at `transactions` once, `places` says where each record stood in the later logs,
`rows` makes the rows, `file` writes them. A replay of the file in its recorded order decides what the workers decided.
"""
