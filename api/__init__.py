"""The faces of jorei: loading a project, deciding, replaying scenarios, the command line."""
