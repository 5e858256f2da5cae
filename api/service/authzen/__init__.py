"""OpenID AuthZEN Authorization API 1.0 over the decisions of the law. The mapping: docs/AUTHZEN.md."""
