"""Electrum servers: headers in chunks of a retarget period, and word of each new tip.

The Electrum protocol is JSON-RPC 2.0, a message a line, over TCP or TLS. Asked are `server.version`,
`blockchain.block.header`, `blockchain.block.headers`, `blockchain.headers.subscribe` and `server.ping`.
Source: the ElectrumX documentation, "Electrum Protocol", versions 1.4 to 1.4.3.
"""
