"""Where things lie: photographs, predictions, results, and who may have how much room."""
