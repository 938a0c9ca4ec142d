"""The services that work by themselves: what they do is in the use cases, when and how long is here."""
