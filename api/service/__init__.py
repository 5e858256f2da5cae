"""The service over HTTP: AuthZEN, the native API, and the lean path of single decisions."""
