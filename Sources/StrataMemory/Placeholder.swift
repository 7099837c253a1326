// To be replaced
