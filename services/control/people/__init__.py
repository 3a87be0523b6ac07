"""The directory of people: inspectors, supporters and leaders, their absences and stand-ins, and the centres (R42)."""
