"""What a search writes for people, spreadsheets and TensorBoard."""
