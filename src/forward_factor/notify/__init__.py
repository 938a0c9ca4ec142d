"""Ways to reach people: messages on their way out, and the words they are made of."""
