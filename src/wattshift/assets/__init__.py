"""What a site owns: machines, halls, contracts, a tariff and limits. Data, checked once, then frozen."""
