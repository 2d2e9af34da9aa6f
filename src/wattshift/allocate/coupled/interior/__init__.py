"""Long linear programs by an interior-point method that follows their structure along time."""
