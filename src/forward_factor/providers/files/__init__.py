"""Chain files: recorded chains as CSV or Parquet, one row a contract (query → client → parse)."""
