"""Fold a journal into text, JSON or HTML. Never asks the cloud."""
