"""Out: how a message reaches people. Adapters that know no model and no rule, only what is to be sent."""
