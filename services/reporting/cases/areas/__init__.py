"""What is known of a case, an area a module: each column is declared here, and nowhere else."""
