"""Reading published ordinances from files: HTML of collections of ordinances, Word, plain text."""
