import type { Dataset } from '@loguro/datasets';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { confirmOrRefuse } from '../confirm.js';
import { type Column, columnsOf, type Row } from '../output/formats.js';
import type { Context, Registry } from '../program.js';

const COLUMNS: Column[] = [
  { key: 'id', align: 'right' },
  ...columnsOf('slug', 'name', 'status', 'fields', 'description'),
];
const DETAIL: Column[] = columnsOf(
  'id',
  'slug',
  'name',
  'description',
  'status',
  'fields',
  'isDefault',
  'createdAt',
  'updatedAt',
);

export function addDatasets(program: Command, { run }: Registry): void {
  const datasets = program.command('datasets').description('List, create, edit and delete datasets.');
  datasets.command('list').alias('ls').description('List the datasets of the project.').action(run(list));
  datasets
    .command('create')
    .argument('<name>', 'what people call it; the slug is made from it')
    .option('--description <text>')
    .description('Create a dataset; it takes records once a schema is registered.')
    .action(run<{ description?: string }>(create));
  datasets.command('show').argument('<dataset>', 'id, slug or name').description('Show one dataset.').action(run(show));
  datasets
    .command('edit')
    .argument('<dataset>', 'id, slug or name')
    .option('--name <text>', 'a new name; the slug stays')
    .option('--description <text>', 'a new description; empty removes it')
    .description('Change name or description.')
    .action(run<{ name?: string; description?: string }>(edit));
  datasets
    .command('delete')
    .argument('<dataset>', 'id, slug or name')
    .option('--yes', 'do not ask')
    .description('Delete a dataset with all its records.')
    .action(run<{ yes?: boolean }>(remove));
}

async function list({ session, out }: Context): Promise<undefined> {
  const datasets = await (await session.datasets()).datasets.list({ signal: session.signal });
  await out.rows(datasets.map(rowOf), COLUMNS, {
    document: { datasets },
    empty: `No dataset yet in ${await session.project()}. Create one: loguro datasets create NAME`,
  });
  return undefined;
}

async function create({ session, out, flags }: Context<{ description?: string }>, name: string): Promise<undefined> {
  const { description } = flags;
  const body = { name, ...(description !== undefined && { description }) };
  const dataset = await (await session.datasets()).datasets.create(body, { signal: session.signal });
  await out.item(rowOf(dataset), DETAIL, { dataset });
  await out.note(`Register its schema next: loguro schema register ${dataset.slug} schema.json`);
  return undefined;
}

async function show({ session, out }: Context, reference: string): Promise<undefined> {
  const dataset = await session.dataset(reference);
  await out.item(rowOf(dataset), DETAIL, { dataset });
  return undefined;
}

async function edit(
  { session, out, flags }: Context<{ name?: string; description?: string }>,
  reference: string,
): Promise<undefined> {
  const changes = {
    ...(flags.name !== undefined && { name: flags.name }),
    ...(flags.description !== undefined && { description: flags.description === '' ? null : flags.description }),
  };
  if (Object.keys(changes).length === 0) {
    throw new CliError('There is nothing to change.', { hints: ['Give --name or --description.'] });
  }
  const { id } = await session.dataset(reference);
  const dataset = await (await session.datasets()).datasets.edit(id, changes, { signal: session.signal });
  await out.item(rowOf(dataset), DETAIL, { dataset });
  return undefined;
}

async function remove(
  { host, session, out, flags }: Context<{ yes?: boolean }>,
  reference: string,
): Promise<undefined> {
  const dataset = await session.dataset(reference);
  const question = `Delete the dataset "${dataset.name}" (${dataset.id}) with all its records?`;
  await confirmOrRefuse(host, flags.yes, question);
  await (await session.datasets()).datasets.delete(dataset.id, { signal: session.signal });
  await out.note(`The dataset ${dataset.slug} was deleted.`);
  return undefined;
}

function rowOf(dataset: Dataset): Row {
  const fields = Object.entries(dataset.schema?.fields ?? {}).map(([name, type]) => `${name}:${type}`);
  return { ...dataset, fields: fields.length > 0 ? fields.join(' ') : null };
}
