"""A year of agreements, played through the four services by days of the virtual clock."""
