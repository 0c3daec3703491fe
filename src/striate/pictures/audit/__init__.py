"""Every picture looked at once: facts, findings, copies, and the page that shows them."""
