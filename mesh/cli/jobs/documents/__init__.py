"""Jobs as documents: `meshctl submit-job --file`, `meshctl validate`, and `rerun`."""
