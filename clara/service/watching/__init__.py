"""What operators see: metrics, logs, the audit log."""
