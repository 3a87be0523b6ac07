"""What messages and letters to people are written with: explained words, templates, and how a text is laid out."""
