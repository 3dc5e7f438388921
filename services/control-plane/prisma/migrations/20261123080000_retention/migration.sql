-- Records whose timestamp is older than this many days are deleted in the background; null: they are kept.
ALTER TABLE "datasets" ADD COLUMN "retention_days" INTEGER;
