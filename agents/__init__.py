"""One thin shell per stage of the flow, and the protocol that makes each of them lose nothing and count nothing twice.

`delivery` is the batch protocol, the same for every stage; `payer`, `payee` and `budget` say what a stage computes;
`labels` and `control` copy what changes an answer into the log of the stage it changes; `bundle` and `run` are what
travels between stages. Nothing here knows Faust or Kafka clients: tables and senders come as arguments.
"""
