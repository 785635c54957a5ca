"""Kinds of steps: observe, plan actions, prove. Never sends anything."""
