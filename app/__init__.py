"""The application: settings, topics, transport, pipeline, views, metrics and the embedded broker."""
