"""One payment, one answer: `/score` puts a payment into the stream and waits for what the stream says of it.

There is no second way to a verdict: the payment goes to `transactions` like any other, and its decision and its place
in the budget are read from where they are made. `payment` reads what is asked, `desk` carries it out, `tail` waits for
decisions, `earlier` finds those made before, `admissions` knows what the budget made of them.
"""
