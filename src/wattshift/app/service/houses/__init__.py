"""The present told to houses: MQTT with Home Assistant discovery."""
