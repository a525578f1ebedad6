"""The HTTP side of a model server: connections, replicas, load, liveness. It knows no task."""
