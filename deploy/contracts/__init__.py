"""The published contracts, on which those rely who call the services or consume their facts."""
