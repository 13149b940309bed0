"""What web shops send, read without Django: signatures, vendors' payloads, masking."""
