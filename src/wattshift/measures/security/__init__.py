"""What hashrate buys in security: double spends, confirmations, waits, the cost of an attack, the budget."""
