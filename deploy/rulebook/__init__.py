"""Documents about the rules and the process, generated from the code and its tests so that they cannot drift."""
