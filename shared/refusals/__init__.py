"""The sentences that people read when something is refused, in Danish and English."""
