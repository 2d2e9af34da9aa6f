"""Public block explorers: mempool.space, Esplora and their kin."""
