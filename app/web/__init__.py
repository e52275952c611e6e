"""What serves people: pages, forms, security, delivery."""
