"""The dashboard: pages rendered here, kept up to date by one stream of events, asking nobody else."""
