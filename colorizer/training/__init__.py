"""Training as in Pandey et al.: data, losses, schedule and one visible loop.

Imports numpy, torch, Pillow and tqdm only, so that it runs on a machine that has nothing else.
"""
