import { Type } from 'typebox';
import { LIMITS } from './limits.js';

/** What every record looks like; the declared fields stand beside these two. */
export const RecordBody = Type.Object(
  {
    timestamp: Type.String({ format: 'date-time', description: 'RFC 3339 with offset; years 0001 to 9999.' }),
    context: Type.Object(
      {},
      { additionalProperties: true, description: `Free JSON, at most ${LIMITS.contextDepth} levels deep.` },
    ),
  },
  {
    $id: 'Record',
    additionalProperties: true,
    examples: [{ timestamp: '2026-06-10T10:58:00Z', context: { source: 'billing' }, country: 'RO', amount: 42.5 }],
  },
);

export const BatchBody = Type.Array(Type.Ref('Record'), { $id: 'Batch', minItems: 1, maxItems: LIMITS.batchRecords });

const Details = Type.Array(Type.Ref('ErrorDetail'));

const ReceiptId = Type.String({
  pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9a-f]{8}$',
  description: 'Names the chunk that carries the records: its UUID, and a checksum.',
});

/** A record or a batch is safely queued. */
export const QueuedAnswer = Type.Object(
  {
    success: Type.Literal(true),
    status: Type.Union([Type.Literal('queued'), Type.Literal('stored')]),
    receipt: ReceiptId,
    count: Type.Optional(Type.Integer({ minimum: 1, description: 'Records queued; only for batches.' })),
    rejected: Type.Optional(Type.Integer({ minimum: 0, description: 'Records left out; only with `partial=true`.' })),
    details: Type.Optional(Details),
  },
  { $id: 'Queued', additionalProperties: false },
);
export interface QueuedAnswer {
  success: true;
  status: 'queued' | 'stored';
  receipt: string;
  count?: number;
  rejected?: number;
  details?: { index?: number; path: string; message: string }[];
}

/** How long an answer is held at the most for `wait=stored` or `Prefer: wait=…`, in milliseconds. */
export const RECEIPT_WAIT_MS = 10_000;

/** What became of the records behind a receipt. */
export const Receipt = Type.Object(
  {
    receipt: ReceiptId,
    status: Type.Union([Type.Literal('queued'), Type.Literal('stored'), Type.Literal('dead')], {
      description: 'queued: on their way. stored: can be queried. dead: the database refused all of them.',
    }),
    storedAt: Type.Optional(Type.String({ format: 'date-time', description: 'When they could be queried.' })),
    records: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'Records stored. Requests that arrive together share a receipt, so these may be more than were sent.',
      }),
    ),
    dead: Type.Optional(Type.Integer({ minimum: 1, description: 'Records the database refused.' })),
    reasons: Type.Optional(Type.Array(Type.String(), { description: 'Why, one sentence for each kind of reason.' })),
  },
  { $id: 'Receipt', additionalProperties: false },
);
export interface Receipt {
  receipt: string;
  status: 'queued' | 'stored' | 'dead';
  /** RFC 3339, UTC. */
  storedAt?: string;
  records?: number;
  dead?: number;
  reasons?: string[];
}

/** What `dry_run=true` answers; nothing was queued. */
export const DryRunAnswer = Type.Object(
  { valid: Type.Integer({ minimum: 0 }), invalid: Type.Integer({ minimum: 0 }), details: Details },
  { $id: 'DryRun', additionalProperties: false },
);
export interface DryRunAnswer {
  valid: number;
  invalid: number;
  details: { index?: number; path: string; message: string }[];
}

const Flag = Type.Union([Type.Literal('true'), Type.Literal('false')]);
const Wait = Type.Literal('stored', {
  description: `Answer when the records can be queried, or with 202 after ${RECEIPT_WAIT_MS / 1000} seconds.`,
});
export const IngestOneQuery = Type.Object(
  { dry_run: Type.Optional(Flag), wait: Type.Optional(Wait) },
  { additionalProperties: false },
);
export const IngestBatchQuery = Type.Object(
  { dry_run: Type.Optional(Flag), partial: Type.Optional(Flag), wait: Type.Optional(Wait) },
  { additionalProperties: false },
);
export const ReceiptQuery = Type.Object({ wait: Type.Optional(Wait) }, { additionalProperties: false });
