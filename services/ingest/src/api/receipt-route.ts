import { createValidators, ReceiptQuery } from '@loguro/types';
import type { RequestHandler } from 'express';
import type { AccessControl } from './access.js';
import { readQuery, waitOf } from './ingest-options.js';
import type { KeyLimits } from './key-limits.js';
import { type ReceiptOptions, readReceipt } from './receipts.js';
import { replyTo } from './reply.js';
import { parseDatasetId } from './target.js';

const validateQuery = createValidators([]).compile(ReceiptQuery);

/** `GET /datasets/:datasetId/receipts/:receiptId` */
export function receiptRoute(access: AccessControl, limits: KeyLimits, options: ReceiptOptions): RequestHandler {
  return async (req) => {
    const reply = replyTo(req);
    const now = performance.now();
    const key = await access.key(req.headers, reply, now);
    limits.request(key.id, reply);
    const search = req.url.split('?').slice(1).join('?');
    const query = readQuery(search, validateQuery);
    const { dataset } = await access.dataset(key, parseDatasetId(String(req.params.datasetId)), now);
    const waitMs = waitOf(query.wait, req.headers.prefer);
    const receipt = await readReceipt(options, { id: String(req.params.receiptId), dataset, waitMs });
    const late = waitMs > 0 && receipt.status === 'queued';
    reply.json(late ? 202 : 200, JSON.stringify(receipt), ['Cache-Control', 'no-store']);
  };
}
