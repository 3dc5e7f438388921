-- Nobody waits behind this migration for longer than this; it fails instead, and can be run again.
SET lock_timeout = '5s';

-- When each project API key was last used; null: never. A table of its own, because ingest writes it and because
-- every change of "project_keys" is announced to the caches. The control plane's inserts make the rows, so that
-- ingest needs no more than to change one column of rows that are there: it can neither add keys nor outlive them.
CREATE TABLE "ingest"."key_uses" (
    "key_id" INTEGER NOT NULL PRIMARY KEY REFERENCES "public"."project_keys" ("id") ON DELETE CASCADE,
    "last_used_at" TIMESTAMPTZ(6)
) WITH (fillfactor = 50);

CREATE FUNCTION "ingest"."expect_key_uses"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO "ingest"."key_uses" ("key_id") VALUES (NEW."id");
    RETURN NULL;
END $$;
CREATE TRIGGER "expect_uses" AFTER INSERT ON "project_keys" FOR EACH ROW EXECUTE FUNCTION "ingest"."expect_key_uses"();
INSERT INTO "ingest"."key_uses" ("key_id") SELECT "id" FROM "public"."project_keys";

GRANT USAGE ON SCHEMA "ingest" TO "loguro_control";
GRANT SELECT, INSERT ON "ingest"."key_uses" TO "loguro_control";
GRANT SELECT, UPDATE ("last_used_at") ON "ingest"."key_uses" TO "loguro_ingest";

-- Triggers fire whoever may execute their functions; nobody has another use for these.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA "ingest" FROM PUBLIC;
