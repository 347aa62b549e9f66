"""The end-to-end laboratory: network namespaces, real servers, a scriptable one, clients, and ours."""
