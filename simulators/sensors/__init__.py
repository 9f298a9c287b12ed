"""What stands still: shelves that weigh, coolers that measure, assets that ought not to move."""
