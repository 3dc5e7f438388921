-- Nobody waits behind this migration for longer than this; it fails instead, and can be run again.
SET lock_timeout = '5s';

-- What a tail must know of the ledger: which transactions stored records, and in which dataset. A transaction's records
-- carry the same xmin as its rows here.
--   xid           the transaction, 32 bits of it     records  it stored in the dataset with this chunk
--   committed_at  when the transaction began, by the database's clock
CREATE VIEW "ingest"."arrivals" AS
    SELECT "xmin" AS "xid", "dataset_id", "records", "committed_at" FROM "ingest"."committed_chunks";

GRANT USAGE ON SCHEMA "ingest" TO "loguro_query";
GRANT SELECT ON "ingest"."arrivals" TO "loguro_query";
