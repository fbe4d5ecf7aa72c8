"""The commands of `meshctl tokens` that hand tokens on."""
