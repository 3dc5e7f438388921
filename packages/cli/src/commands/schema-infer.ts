import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { collect, wholeNumber } from '../arguments.js';
import { CliError } from '../cli-error.js';
import { type Column, columnsOf } from '../output/formats.js';
import { formatCount } from '../output/numbers.js';
import type { Context, Registry } from '../program.js';
import { INPUT_FORMATS, type InputFormat, parseDelimiter } from '../records/input-format.js';
import { openRecords } from '../records/record-reader.js';
import { openSource } from '../records/source.js';
import { type Inference, inferFields, shellWord } from '../sample/infer.js';

interface InferFlags {
  input?: InputFormat;
  delimiter?: string;
  sample: number;
  null?: string[];
  timestampColumn?: string;
  out?: string;
}

const COLUMNS: Column[] = columnsOf('column', 'field', 'type', 'why');

export function addSchemaInfer(schema: Command, { run }: Registry): void {
  schema
    .command('infer')
    .argument('<file>', 'CSV or NDJSON, gzipped or not; - for stdin')
    .description('Propose a schema from a file, and say why.')
    .addOption(new Option('--input <format>', 'default: by name and content').choices(INPUT_FORMATS))
    .option('--delimiter <char>', 'of CSV; default: by the header')
    .option('--sample <n>', 'records to look at; 0: all', wholeNumber, 10_000)
    .option('--null <text>', 'means "no value", besides an empty cell; repeatable', collect)
    .option('--timestamp-column <name>', "the record's own timestamp; default: what looks like it")
    .option('--out <file>', 'also write the definition to a file')
    .addHelpText(
      'after',
      `
Nothing is sent. A type is proposed only when every value fits it and none would change: 007 stays text.

Examples:
  $ loguro schema infer orders.csv
  $ loguro schema infer orders.csv --out schema.json
  $ zcat events.ndjson.gz | loguro schema infer - --sample 0 --json
`,
    )
    .action(run<InferFlags>(infer));
}

async function infer({ host, out, flags }: Context<InferFlags>, path: string): Promise<undefined> {
  const file = await openRecords(await openSource(host, path), {
    format: flags.input,
    delimiter: flags.delimiter === undefined ? undefined : parseDelimiter(flags.delimiter),
  });
  const inference = await inferFields(file, {
    sample: flags.sample,
    nulls: flags.null ?? [],
    timestampColumn: flags.timestampColumn,
  });
  if (inference.records === 0) {
    throw new CliError(`${path} has no record that can be read.`, {
      hints: [`${inference.unreadable} can't. Is it ${file.format}? Say what it is with --input.`],
    });
  }
  if (flags.out !== undefined) await writeDefinition(resolve(host.cwd, flags.out), flags.out, inference);
  const rows = inference.columns.map(({ column, role, field, type, why }) => ({
    column,
    field: role === 'field' ? field : `(${role})`,
    type,
    why,
  }));
  await out.rows(rows, COLUMNS, { document: inference });
  await remarks(out, inference, path, flags.out);
  return undefined;
}

async function remarks(out: Context['out'], inference: Inference, path: string, file?: string): Promise<void> {
  const { records, unreadable, partial, columns, ingestFlags } = inference;
  const more = partial ? '; the file goes on, --sample 0 looks at all of it' : '';
  await out.note(`\nLooked at ${formatCount(records)} records${more}.`);
  if (unreadable > 0) await out.warn(`${formatCount(unreadable)} more can't be read.`);
  for (const { column, advice } of columns) if (advice !== undefined) await out.note(`${column}: ${advice}`);
  if (Object.keys(inference.fields).length === 0) await out.warn('No column can be a field.');
  const definition = file ?? 'schema.json';
  if (file === undefined) await out.note('Write the definition to a file with --out schema.json.');
  await out.note(`Then: loguro schema register DATASET ${shellWord(definition)}`);
  await out.note(`      ${['loguro ingest DATASET', shellWord(path), ...ingestFlags].join(' ')}`);
}

async function writeDefinition(path: string, shown: string, { fields }: Inference): Promise<void> {
  await writeFile(path, `${JSON.stringify({ fields }, null, 2)}\n`).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`${shown} can't be written (${error.code}).`, { cause: error });
  });
}
