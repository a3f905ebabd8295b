"""The door: HTTP and the command line. It asks; it neither decides nor acts."""
