"""What users deploy, as tests read it: compose.yaml and the Dockerfile, without an engine."""
