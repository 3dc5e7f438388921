import { defineDataset } from '@loguro/datasets';
import type { Fields } from '@loguro/types';
import type { Command } from 'commander';
import { collect } from '../arguments.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { columnsOf } from '../output/formats.js';
import type { Context, Registry } from '../program.js';
import { parseFieldFlags, readDefinition } from '../schema/definition.js';
import { differences } from '../schema/differences.js';
import { toTypeScript } from '../schema/typescript.js';
import { addSchemaInfer } from './schema-infer.js';

const DATASET = ['<dataset>', 'id, slug or name'] as const;
const FILE = 'JSON: {"fields": {"country": "string", "plan": "string?"}}; - for stdin';

export function addSchema(program: Command, registry: Registry): void {
  const { run } = registry;
  const schema = program.command('schema').description('Register, read, propose and compare schemas.');
  schema
    .command('register')
    .argument(...DATASET)
    .argument('[file]', FILE)
    .option('--field <name:type>', 'instead of a file; repeatable', collect)
    .description('Register the schema of a dataset. It never changes afterwards.')
    .addHelpText(
      'after',
      `
Types: string, number, boolean, timestamp; a ? after it makes the field optional. Every record has timestamp and
context without declaring them. Registering the same fields again changes nothing.

Examples:
  $ loguro schema register orders schema.json
  $ loguro schema register orders --field country:string --field amount:number --field plan:string?
`,
    )
    .action(run<{ field?: string[] }>(register));
  schema
    .command('show')
    .argument(...DATASET)
    .description('Show the registered schema.')
    .action(run(show));
  addSchemaInfer(schema, registry);
  schema
    .command('check')
    .argument(...DATASET)
    .argument('<file>', FILE)
    .description('Compare a definition with the server; exits with 5 when they differ, for CI.')
    .action(run(check));
  schema
    .command('types')
    .argument(...DATASET)
    .description('Print the definition and the record type as TypeScript, for the SDK.')
    .action(run(types));
}

async function register(
  { session, out, host, flags }: Context<{ field?: string[] }>,
  reference: string,
  file?: string,
): Promise<undefined> {
  if ((file === undefined) === (flags.field === undefined)) {
    throw new CliError('Give the fields either in a file or with --field.', {
      hints: ['Propose a file from data: loguro schema infer orders.csv --out schema.json'],
    });
  }
  const fields = file === undefined ? parseFieldFlags(flags.field ?? []) : await readDefinition(host, file);
  const { id } = await session.dataset(reference);
  const client = await session.datasets();
  const { dataset, schema } = await client.schema.register(id, define(fields), { signal: session.signal });
  await printFields(out, schema.fields, { dataset, schema });
  await out.note(`Send records next: loguro ingest ${dataset.slug} FILE`);
  return undefined;
}

async function show({ session, out }: Context, reference: string): Promise<undefined> {
  const { id } = await session.dataset(reference);
  const schema = await (await session.datasets()).schema.get(id, { signal: session.signal });
  await printFields(out, schema.fields, { schema });
  return undefined;
}

async function check({ session, out, host }: Context, reference: string, file: string): Promise<ExitCode> {
  const definition = await readDefinition(host, file);
  const { id } = await session.dataset(reference);
  const { fields } = await (await session.datasets()).schema.get(id, { signal: session.signal });
  const found = differences(definition, fields);
  const document = { same: found.length === 0, differences: found };
  if (found.length > 0 || out.format !== 'table') {
    await out.rows(
      found.map((one) => ({ ...one })),
      columnsOf('field', 'definition', 'server'),
      { document },
    );
  }
  await out.note(found.length === 0 ? 'The definition and the server agree.' : 'The definition and the server differ.');
  return found.length === 0 ? EXIT.ok : EXIT.conflict;
}

async function types({ session, out }: Context, reference: string): Promise<undefined> {
  const dataset = await session.dataset(reference);
  const { fields } = await (await session.datasets()).schema.get(dataset.id, { signal: session.signal });
  const source = toTypeScript(dataset, fields);
  if (out.format === 'json') await out.json({ typescript: source });
  else await out.data(source);
  return undefined;
}

async function printFields(out: Context['out'], fields: Fields, document: unknown): Promise<void> {
  const rows = Object.entries(fields).map(([field, type]) => ({ field, type }));
  await out.rows(rows, columnsOf('field', 'type'), { document });
}

function define(fields: Fields) {
  return defineDataset(fields as Parameters<typeof defineDataset>[0]);
}
