"""What is shipped for deployment: scripts, templates, roles."""
