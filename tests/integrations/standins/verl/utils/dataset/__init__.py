"""Stands in for the trainer's package where it is not installed."""
