"""Text of instruments → syntax tree → checked rule set."""
