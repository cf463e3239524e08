"""The past through the same code as live payments: payer → payee → row → score, over any iterator.

`history` reads files, `verdicts` puts what was found out where it became known, `engine` folds. Training, backtest,
warm-up and the agents share the functions that these call; nothing here knows Kafka.
"""
