"""What the service tells its operators: log lines, figures and traces, none of which can hold a personal number."""
