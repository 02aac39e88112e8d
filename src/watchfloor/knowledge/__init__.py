"""What is publicly known of attacks and defences, and a customer's own documents, in one folder one can ask."""
