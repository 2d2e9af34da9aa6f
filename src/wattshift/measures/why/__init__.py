"""What moved the hashrate: the move, the clues, and the causes they speak for."""
