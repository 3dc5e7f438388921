-- Nobody waits behind this migration for longer than this; it fails instead, and can be run again.
SET lock_timeout = '5s';

-- PostgreSQL's reason may quote the value it refused. No service reads it: clients are told the SQLSTATE, and operators
-- look as the database's owner.
REVOKE SELECT ("reason") ON "ingest"."dead_letters" FROM "loguro_ingest";
