"""How the store's tables came to be, one step after another; run when a store is opened."""
