"""AWS's little languages: how each is read, checked and evaluated. Nothing here knows a definition or a template."""
