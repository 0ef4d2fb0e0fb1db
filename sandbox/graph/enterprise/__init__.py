"""Enterprise applications with SAML sign-in, as Graph and Entra's sign-in service show them."""
