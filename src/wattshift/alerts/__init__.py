"""Rules as data, what they make of what is known, and the life of an alert: pure, `now` is an argument."""
