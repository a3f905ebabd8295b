"""The machine room: Java, the Kafka jars and a broker, a browser, free ports, processes kept alive.

Nothing here knows what a task is. It imports `events` (for errors) and nothing else of ours; only the CLI, the tests,
the benchmarks and the demo come in.
"""
