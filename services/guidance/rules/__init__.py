"""What guidance may and must do: pure decisions, a file per subject."""
