"""What people read when something is refused, in Danish and English: every sentence has its home here."""
