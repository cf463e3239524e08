"""Models: a probability for each payment, how it is learned, and how it becomes a risk and a reason.

Scoring (`scoring`, `risk`, `reasons`, `artifact` and what they use) imports only `features` and `rules`, knows no clock
and gives the same bits for a row whatever batch it stands in. Training (`train` and what it uses) reads a history
through `replay`, with the code that scores live payments.
"""
