"""Retention and deletion: how long what is kept, what is held back by a dispute, and the job that erases the rest."""
