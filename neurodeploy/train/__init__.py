"""Training in torch; the only place that imports it. `config` alone does not, so that settings can be read quickly."""
