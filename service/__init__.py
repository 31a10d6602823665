"""Duyệt: comments that are read before they are published."""
