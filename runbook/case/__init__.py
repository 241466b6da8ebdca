"""Who, what, where: the case file and its model, the case's folders, what may not leave them."""
