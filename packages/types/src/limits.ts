/** Default limits. Those of the ingest surface can be changed by configuration; the rest are fixed. */
export const LIMITS = {
  /** One record, as JSON, in bytes. */
  recordBytes: 256 * 1024,
  /** Records in one batch. */
  batchRecords: 10_000,
  /** One request body after decompression, in bytes. */
  bodyBytes: 10 * 1024 * 1024,
  /** A control-plane request body, in bytes. */
  controlBodyBytes: 1024 * 1024,
  /** Levels of arrays and objects in `context`, the context object itself being the first. */
  contextDepth: 32,
  /** Characters of an `Idempotency-Key`. */
  idempotencyKeyLength: 255,
  /** How long a repeat of an `Idempotency-Key` is recognised, in milliseconds. */
  idempotencyTtlMs: 24 * 60 * 60 * 1000,
  /** Fields in a schema. */
  schemaFields: 200,
  /** Days that records of a dataset can be asked to be kept. */
  retentionDaysMax: 36_500,
  /** Rows a query returns at the most, and when it does not say. */
  queryLimitMax: 1000,
  queryLimitDefault: 100,
  /** The range of a query that names none, in milliseconds. */
  queryRangeDefaultMs: 7 * 24 * 60 * 60 * 1000,
  /** Values of an `in` or `not_in` list. */
  queryListValues: 1000,
  /** Conditions in `where`, and in `having`, those inside groups included; and how deep groups may nest. */
  queryConditions: 100,
  queryDepth: 10,
  /** Items of `select`; of `groupBy` and of `orderBy`. */
  queryColumns: 100,
  queryKeys: 20,
  /** Time buckets that `fill` makes at the most. */
  queryFillBuckets: 10_000,
  /** Characters of a `cursor`: it holds what its row is ordered by, which may be all that a record has. */
  queryCursorLength: 512 * 1024,
  /** How long a tail request waits for records at the most, in seconds. */
  tailWaitSeconds: 25,
  /** How long the cursor of a tail can be gone on from, in milliseconds. The ledger is kept for at least two days. */
  tailCursorMs: 24 * 60 * 60 * 1000,
} as const;
