"""The commands of `meshctl policy`: setting, showing and explaining."""
