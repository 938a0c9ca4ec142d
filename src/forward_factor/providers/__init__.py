"""Where chains come from: one folder a vendor, each as query, client and parse."""
