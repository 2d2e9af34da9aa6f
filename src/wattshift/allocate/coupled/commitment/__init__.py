"""Long programs with yes and no: priced stretches of time give the bound, mended seams the plan."""
