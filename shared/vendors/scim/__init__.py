"""How do we speak SCIM 2.0 (RFC 7643, RFC 7644) with a service that is not ours?

wire.py sends and reads refusals, directory.py knows the calls, attributes.py what is in a user.
"""
