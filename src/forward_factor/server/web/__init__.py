"""The web page: NiceGUI on the API's own process, every asset from this server."""
