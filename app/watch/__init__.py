"""Who watches: health, metrics, logs, and the doctor."""
