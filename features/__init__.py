"""What is known about a payment strictly before it happens: transactions, windows, payer and payee state."""
