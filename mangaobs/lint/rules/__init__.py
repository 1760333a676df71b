"""The rules, one a file; `index.tsv` lists them, and beside each are its texts with a bad and a good template."""
