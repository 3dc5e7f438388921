import type { Fields } from '@loguro/types';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { columnsOf } from '../output/formats.js';
import { formatCount } from '../output/numbers.js';
import type { Context } from '../program.js';
import { openRecords } from '../records/record-reader.js';
import type { Source } from '../records/source.js';
import { batches } from './batcher.js';
import { converterFor } from './convert-with.js';
import { type IngestFlags, toOptions } from './flags.js';
import type { Reject } from './rejects-file.js';
import { recordCheck } from './target.js';

/** Bad records that are shown; all are counted. */
const SHOWN = 20;

/** Checks every record of a file as the server would, and sends nothing. */
export async function checkOnly(
  { flags, host, out }: Context<IngestFlags>,
  source: Source,
  fields: Fields | undefined,
): Promise<ExitCode> {
  const options = toOptions(flags, new Date(host.now()).toISOString());
  const file = await openRecords(source, { format: options.input, delimiter: options.delimiter });
  let good = 0;
  let bad = 0;
  const shown: Reject[] = [];
  const read = batches(file, {
    maxRecords: options.batchSize,
    maxBytes: Number.POSITIVE_INFINITY,
    from: undefined,
    convert: converterFor(file, fields, options.mapping),
    check: recordCheck(fields),
  });
  for await (const { records, rejects } of read) {
    host.signal.throwIfAborted();
    good += records.length;
    bad += rejects.length;
    shown.push(...rejects.slice(0, SHOWN - shown.length));
  }
  const rows = shown.map(({ line, reasons }) => ({ line, reasons: reasons.join('; ') }));
  const columns = [{ key: 'line', align: 'right' } as const, ...columnsOf('reasons')];
  if (bad > 0 || out.format !== 'table') {
    await out.rows(rows, columns, { document: { good, bad, rejects: shown } });
  }
  await out.note(`${formatCount(good)} good, ${formatCount(bad)} bad; nothing was sent.`);
  return bad > 0 ? EXIT.rejected : EXIT.ok;
}
