"""The calendars of the inspectors: who works when, which places are taken, and which of the free ones is drawn."""
