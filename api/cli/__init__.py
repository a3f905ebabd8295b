"""The command line: a second face of the API, and the one that starts and stops everything."""
