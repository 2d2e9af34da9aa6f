"""The REST API and the metrics: thin skins over `wattshift.app.service`."""
