"""The one typed list of questions; API, dashboard and agents are skins over it."""
