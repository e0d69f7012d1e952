"""The configuration file edited on screen: forms made from the settings' own types, edits, rights, and its past."""
