"""A published ordinance, read into lines and tables, made into a rule file: pure, and nothing of the text is lost."""
