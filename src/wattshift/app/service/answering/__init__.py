"""Answers to questions: computed once for all who ask, by worker processes that can be stopped."""
