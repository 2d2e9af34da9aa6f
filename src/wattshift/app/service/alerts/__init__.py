"""Alerts in the loop: rules stepped, plans compared, messages sent."""
