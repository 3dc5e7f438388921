import { LIMITS } from '@loguro/types';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { collect, positiveNumber, wholeNumber } from '../arguments.js';
import type { IngestFlags } from '../ingest/flags.js';
import { ingestFile } from '../ingest/ingest-file.js';
import type { Registry } from '../program.js';
import { INPUT_FORMATS } from '../records/input-format.js';
import { EXTRA_MODES } from '../records/mapping.js';
import { TIME_FORMATS } from '../records/time-format.js';

export function addIngest(program: Command, { run }: Registry): void {
  program
    .command('ingest')
    .argument('<dataset>', 'id, slug or name')
    .argument('<file>', 'CSV or NDJSON, gzipped or not; - for stdin')
    .description('Send the records of a file of any size; goes on where it was interrupted.')
    .addOption(new Option('--input <format>', 'default: by name and content').choices(INPUT_FORMATS))
    .option('--delimiter <char>', 'of CSV; default: by the header')
    .option('--timestamp-column <name>', "holds the record's timestamp", 'timestamp')
    .option('--timestamp <time>', 'one for all records instead: now, or with offset')
    .addOption(
      new Option('--time-format <format>', 'iso-utc: without offset means UTC').choices(TIME_FORMATS).default('iso'),
    )
    .option('--null <text>', 'means "no value", besides an empty cell; repeatable', collect)
    .addOption(
      new Option('--extra <mode>', 'columns that the schema does not have').choices(EXTRA_MODES).default('refuse'),
    )
    .option('--ignore <column>', 'leave a column out; repeatable', collect)
    .option('--context <json>', 'put into the context of every record')
    .option('--schema <file>', 'the definition, for machines that are not logged in')
    .option('--batch-size <n>', 'records in a request', batchSize, 1000)
    .option('--concurrency <n>', 'requests at a time', positiveNumber, 4)
    .option('--rejects <file>', 'where bad records go (default: FILE.rejects.ndjson)')
    .option('--max-rejects <n>', 'stop after this many; 0: never', wholeNumber, 1000)
    .option('--restart', 'from the beginning; what arrived within a day is not stored again')
    .option('--again', 'from the beginning, and store everything once more')
    .option('--accept-duplicates', 'go on although some records may be stored twice')
    .option('--wait', 'until the records can be queried')
    .option('--dry-run', 'check every record and send nothing')
    .addHelpText(
      'after',
      `
Bad records go to the rejects file, one JSON object a line with line number, reasons and the record; the command
then exits with 6. Ctrl-C, a crash or a lost connection lose and double nothing: run the same command again.
A file that has grown since it was ingested is continued behind what was sent.

Examples:
  $ loguro ingest orders orders.csv
  $ loguro ingest orders orders.csv --timestamp-column 'created at' --time-format iso-utc
  $ loguro ingest orders orders.csv --dry-run
  $ cat orders.ndjson | loguro ingest orders - --wait
`,
    )
    .action(run<IngestFlags>(ingestFile));
}

function batchSize(text: string): number {
  const size = positiveNumber(text);
  if (size <= LIMITS.batchRecords) return size;
  throw new InvalidArgumentError(`A request takes at most ${LIMITS.batchRecords} records.`);
}
