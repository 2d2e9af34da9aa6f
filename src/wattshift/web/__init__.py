"""What stands between the network and the skins: who asks, what they may, and how much."""
