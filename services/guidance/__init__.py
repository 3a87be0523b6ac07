"""Contacts and meetings between offer and control: due, offered, answered, held, overdue."""
