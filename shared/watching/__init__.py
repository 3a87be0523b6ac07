"""What operators see of a running service: health, figures, metrics, and whether its schema is the right one."""
