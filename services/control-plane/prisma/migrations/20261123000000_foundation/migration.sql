-- Run as the database's owner. The roles exist already (see src/database/roles.ts):
--   loguro_control  the control plane's own;  loguro_query  its read-only query connections;
--   loguro_ingest   the ingest API and worker.

CREATE TYPE "role" AS ENUM ('viewer', 'editor', 'owner');
CREATE TYPE "key_kind" AS ENUM ('server', 'browser');

CREATE TABLE "accounts" (
    "id" SERIAL NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "personal_access_tokens" (
    "id" SERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6),
    "last_used_at" TIMESTAMPTZ(6),
    "revoked_at" TIMESTAMPTZ(6),
    CONSTRAINT "personal_access_tokens_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "projects" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "projects_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "project_members" (
    "project_id" INTEGER NOT NULL,
    "account_id" INTEGER NOT NULL,
    "role" "role" NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "project_members_pkey" PRIMARY KEY ("project_id","account_id")
);

CREATE TABLE "signing_keys" (
    "kid" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "private_key" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(6),
    CONSTRAINT "signing_keys_pkey" PRIMARY KEY ("kid")
);

CREATE TABLE "project_keys" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "kind" "key_kind" NOT NULL,
    "allowed_origins" TEXT[],
    "signing_kid" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6),
    "revoked_at" TIMESTAMPTZ(6),
    CONSTRAINT "project_keys_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "datasets" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "description" TEXT,
    "is_default" BOOLEAN NOT NULL DEFAULT false,
    "fields" JSONB,
    "schema_registered_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "datasets_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "audit_events" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "project_id" INTEGER,
    "account_id" INTEGER,
    "email" TEXT,
    "token_id" INTEGER,
    "action" TEXT NOT NULL,
    "target_type" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',
    "request_id" TEXT,
    "address" TEXT,
    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "accounts_email_key" ON "accounts"("email");
CREATE UNIQUE INDEX "personal_access_tokens_hash_key" ON "personal_access_tokens"("hash");
CREATE INDEX "personal_access_tokens_account_id_idx" ON "personal_access_tokens"("account_id");
CREATE UNIQUE INDEX "projects_slug_key" ON "projects"("slug");
CREATE INDEX "project_members_account_id_idx" ON "project_members"("account_id");
CREATE INDEX "project_keys_project_id_idx" ON "project_keys"("project_id");
CREATE UNIQUE INDEX "datasets_project_id_slug_key" ON "datasets"("project_id", "slug");
CREATE INDEX "audit_events_project_id_id_idx" ON "audit_events"("project_id", "id" DESC);
-- Prisma can't express it: a project has at most one default dataset.
CREATE UNIQUE INDEX "datasets_one_default_per_project" ON "datasets"("project_id") WHERE "is_default";

ALTER TABLE "personal_access_tokens" ADD CONSTRAINT "personal_access_tokens_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "project_keys" ADD CONSTRAINT "project_keys_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "project_keys" ADD CONSTRAINT "project_keys_signing_kid_fkey" FOREIGN KEY ("signing_kid") REFERENCES "signing_keys"("kid") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "datasets" ADD CONSTRAINT "datasets_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- ── Records: one typed table per dataset, created by the control plane when a schema is registered ──
CREATE SCHEMA "records";

-- ── Ingest: the contract between the two services ──
CREATE SCHEMA "ingest";

-- What the ingest API must know of a project API key that is neither revoked nor deleted.
--   id          the "jti" claim          project_id       must equal the "sub" claim
--   kind        server | browser         allowed_origins  for browser keys, as browsers send Origin
--   expires_at  null: never
CREATE VIEW "ingest"."project_keys" AS
    SELECT "id", "project_id", "kind"::text AS "kind", "allowed_origins", "expires_at"
    FROM "public"."project_keys" WHERE "revoked_at" IS NULL;

-- What the ingest surface must know of a dataset.
--   fields      [["country","string"],["plan","string?"]] in COPY order; null: no schema yet
--   is_default  receives records that name no dataset
CREATE VIEW "ingest"."datasets" AS
    SELECT "id", "project_id", "is_default", "fields" FROM "public"."datasets";

-- The ledger: a chunk is in here if and only if its records are in their table.
--   records     lines that were stored    dead   lines that went to the dead letters instead
--   discarded   lines whose dataset was deleted before they could be stored
--   worker      number of the process that entered it
CREATE TABLE "ingest"."committed_chunks" (
    "chunk_id" UUID NOT NULL PRIMARY KEY,
    "dataset_id" INTEGER NOT NULL,
    "records" INTEGER NOT NULL,
    "dead" INTEGER NOT NULL DEFAULT 0,
    "discarded" INTEGER NOT NULL DEFAULT 0,
    "worker" BIGINT,
    "committed_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
-- Rows are added in the order of time and removed in it: a BRIN index is enough to find the oldest.
CREATE INDEX "committed_chunks_committed_at" ON "ingest"."committed_chunks" USING brin ("committed_at") WITH (pages_per_range = 16, autosummarize = on);

-- What the rows added up to that were removed from the ledger, one row per removal: with it the books stay whole.
CREATE TABLE "ingest"."retired_chunks" (
    "retired_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "chunks" BIGINT NOT NULL,
    "records" BIGINT NOT NULL,
    "dead" BIGINT NOT NULL,
    "discarded" BIGINT NOT NULL
);

-- Records that PostgreSQL refused, as the COPY line that was refused. They are a dataset's data and go with it.
CREATE TABLE "ingest"."dead_letters" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "chunk_id" UUID NOT NULL,
    "dataset_id" INTEGER NOT NULL REFERENCES "public"."datasets" ("id") ON DELETE CASCADE,
    "line" TEXT NOT NULL,
    "sqlstate" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "dead_letters_chunk" ON "ingest"."dead_letters" ("chunk_id");
CREATE INDEX "dead_letters_dataset" ON "ingest"."dead_letters" ("dataset_id", "id");

-- One row per Idempotency-Key in use; "scope" is a hash of project, dataset and key, "body" one of the body.
-- A key that is older than its time to live is taken over by its next use, with a new chunk.
CREATE TABLE "ingest"."idempotency_keys" (
    "scope" BYTEA NOT NULL PRIMARY KEY,
    "chunk_id" UUID NOT NULL,
    "body" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "idempotency_keys_created_at" ON "ingest"."idempotency_keys" ("created_at");

-- ── The queue, where PostgreSQL is the queue: BullMQ's own migrations fill this schema ──
CREATE SCHEMA "queue";

-- ── Changes that ingest caches must hear of ──
CREATE FUNCTION "ingest"."announce_project_key"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('loguro_changes', json_build_object('kind', 'project_key', 'id', coalesce(NEW.id, OLD.id))::text);
    RETURN NULL;
END $$;
CREATE FUNCTION "ingest"."announce_dataset"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('loguro_changes', json_build_object('kind', 'dataset', 'id', coalesce(NEW.id, OLD.id), 'project', coalesce(NEW.project_id, OLD.project_id))::text);
    RETURN NULL;
END $$;
CREATE FUNCTION "ingest"."announce_signing_key"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('loguro_changes', json_build_object('kind', 'signing_key', 'id', coalesce(NEW.kid, OLD.kid))::text);
    RETURN NULL;
END $$;
CREATE TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "project_keys" FOR EACH ROW EXECUTE FUNCTION "ingest"."announce_project_key"();
CREATE TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "datasets" FOR EACH ROW EXECUTE FUNCTION "ingest"."announce_dataset"();
CREATE TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "signing_keys" FOR EACH ROW EXECUTE FUNCTION "ingest"."announce_signing_key"();

-- ── Least privilege ──
REVOKE ALL ON SCHEMA "public" FROM PUBLIC;

GRANT USAGE ON SCHEMA "public" TO "loguro_control";
GRANT SELECT, INSERT, UPDATE, DELETE ON "accounts", "personal_access_tokens", "projects", "project_members", "project_keys", "datasets" TO "loguro_control";
GRANT SELECT, INSERT, UPDATE ON "signing_keys" TO "loguro_control";
GRANT SELECT, INSERT ON "audit_events" TO "loguro_control";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA "public" TO "loguro_control";
GRANT USAGE, CREATE ON SCHEMA "records" TO "loguro_control";

GRANT USAGE ON SCHEMA "records" TO "loguro_query";

GRANT USAGE ON SCHEMA "public", "ingest", "records", "queue" TO "loguro_ingest";
GRANT SELECT ("kid", "public_key", "created_at", "retired_at") ON "signing_keys" TO "loguro_ingest";
GRANT SELECT ON "ingest"."project_keys", "ingest"."datasets" TO "loguro_ingest";
GRANT SELECT, INSERT, DELETE ON "ingest"."committed_chunks" TO "loguro_ingest";
GRANT SELECT, INSERT ON "ingest"."retired_chunks" TO "loguro_ingest";
GRANT INSERT ON "ingest"."dead_letters" TO "loguro_ingest";
GRANT SELECT ("chunk_id", "sqlstate", "reason") ON "ingest"."dead_letters" TO "loguro_ingest";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ingest"."idempotency_keys" TO "loguro_ingest";
