"""What a megawatt-hour is worth in each use, in USD/MWh, on one stated basis."""
