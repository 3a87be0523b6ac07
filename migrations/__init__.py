"""Every schema: one chain of migrations for the event stores, one for the reporting read model."""
