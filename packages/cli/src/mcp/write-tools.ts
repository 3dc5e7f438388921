import { defineDataset } from '@loguro/datasets';
import { parseFields } from '@loguro/types';
import { ingestClient } from '../ingest/target.js';
import { Output } from '../output/output.js';
import { DATASET, defineTool, objectSchema, PROJECT, sessionFor, type Tool } from './tool.js';

/** Records a model may send at once; files are for `loguro ingest`. */
const MAX_RECORDS = 100;

const createDataset = defineTool<{ project?: string; name: string; description?: string }>({
  name: 'create_dataset',
  title: 'Create a dataset',
  description: 'Creates a dataset. It takes records once a schema is registered with register_schema.',
  input: objectSchema(
    {
      project: PROJECT,
      name: { type: 'string', minLength: 1, maxLength: 200 },
      description: { type: 'string', maxLength: 2000 },
    },
    ['name'],
  ),
  writes: true,
  async call({ project, ...body }, context) {
    const client = await sessionFor(context, project).datasets();
    return { dataset: await client.datasets.create(body, { signal: context.signal }) };
  },
});

const registerSchema = defineTool<{ project?: string; dataset: string; fields: object }>({
  name: 'register_schema',
  title: 'Register a schema',
  description:
    'Registers the fields of a dataset. This can not be changed afterwards: confirm the fields with the user first. ' +
    'Types: string, number, boolean, timestamp; a ? after the type makes the field optional. "timestamp" and ' +
    '"context" are part of every record and are not declared.',
  input: objectSchema(
    {
      project: PROJECT,
      dataset: DATASET,
      fields: {
        type: 'object',
        additionalProperties: { type: 'string' },
        examples: [{ country: 'string', plan: 'string?' }],
      },
    },
    ['dataset', 'fields'],
  ),
  writes: true,
  async call({ project, dataset, fields }, context) {
    const session = sessionFor(context, project);
    const definition = defineDataset(parseFields({ fields }) as Parameters<typeof defineDataset>[0]);
    const { id } = await session.dataset(dataset);
    return (await session.datasets()).schema.register(id, definition, { signal: context.signal });
  },
});

const sendRecords = defineTool<{ project?: string; dataset: string; records: object[] }>({
  name: 'send_records',
  title: 'Send records',
  description:
    `Stores up to ${MAX_RECORDS} records in a dataset, all or none. Each has "timestamp" (RFC 3339 with offset), ` +
    '"context" (an object, may be empty) and the declared fields.',
  input: objectSchema(
    {
      project: PROJECT,
      dataset: DATASET,
      records: { type: 'array', items: { type: 'object' }, minItems: 1, maxItems: MAX_RECORDS },
    },
    ['dataset', 'records'],
  ),
  writes: true,
  async call({ project, dataset, records }, context) {
    const session = sessionFor(context, project);
    const { id } = await session.dataset(dataset);
    const { host, flags } = context;
    const client = await ingestClient({ host, flags, session, out: new Output(host, flags) }, id);
    const { receipt, count } = await client.sendBatch(records as never, { signal: context.signal });
    const { status } = await client.stored(receipt, { signal: context.signal });
    return { status, count, receipt };
  },
});

/** The tools that change something. None deletes: that stays with people. */
export const WRITE_TOOLS: readonly Tool[] = [createDataset, registerSchema, sendRecords];
