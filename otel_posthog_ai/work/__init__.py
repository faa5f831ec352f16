"""In which order a span is taken, held, released and sent. The conductors: they may know everybody."""
