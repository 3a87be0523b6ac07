"""Every schema: one chain of migrations for the event stores, one for offers, one for the read model of reporting."""
