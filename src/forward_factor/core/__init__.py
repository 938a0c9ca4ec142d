"""The domain, pure: no input or output happens here, and nothing but numbers goes in and out."""
