"""What a calendar is and what is free in it: pure functions over what was looked up."""
