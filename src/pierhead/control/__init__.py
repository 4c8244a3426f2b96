"""The product's rules, one package per noun; a higher feature may import a lower one, through its ``__init__`` only."""
