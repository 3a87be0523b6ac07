"""The published contracts: what others may rely on when they call the services or consume their facts."""
