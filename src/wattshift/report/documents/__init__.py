"""The documents that use-cases return and every skin renders, one per verb.

A document is plain data: it owns no arithmetic, its figures were computed by the models, and its JSON
schema follows from its types.
"""
