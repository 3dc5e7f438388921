import type { CreateDataset, Dataset, Schema } from '../api-types.js';
import { type ErrorDetail, isLoguroError, LoguroError } from '../errors.js';
import type { DatasetDefinition, Fields } from '../fields.js';
import type { CallOptions } from '../http/control-api.js';
import type { DatasetId, Datasets, Schemas } from './query-client.js';

/** Registers a definition, or makes sure that exactly it is registered. */
export async function ensureSchema(
  schemas: Schemas,
  dataset: DatasetId,
  definition: DatasetDefinition,
  options?: CallOptions,
): Promise<Schema> {
  try {
    return (await schemas.register(dataset, definition, options)).schema;
  } catch (error) {
    if (!isLoguroError(error, 'schema_conflict')) throw error;
    const registered = await schemas.get(dataset, options);
    throw new LoguroError('schema_conflict', `Dataset ${dataset} has another schema, and schemas are immutable`, {
      status: error.status,
      requestId: error.requestId,
      details: schemaDifferences(definition.fields, registered.fields),
      cause: error,
    });
  }
}

/** The dataset of that name with that definition, created when there is none. */
export async function ensureDataset(
  datasets: Datasets,
  schemas: Schemas,
  wanted: CreateDataset,
  definition: DatasetDefinition,
  options?: CallOptions,
): Promise<Dataset> {
  let dataset = find(await datasets.list(options), wanted.name);
  if (dataset === undefined) {
    const created = await datasets.create(wanted, options);
    // Others may have created one at the same time. The server makes one after the other, so by now all who did see the
    // first: they go on with that, so that no records part ways, and take their own, still empty one back.
    dataset = find(await datasets.list(options), wanted.name) ?? created;
    if (dataset.id !== created.id) await datasets.delete(created.id, options);
  }
  const schema = await ensureSchema(schemas, dataset.id, definition, options);
  return { ...dataset, schema, status: 'active' };
}

function find(all: readonly Dataset[], name: string): Dataset | undefined {
  return all.find((dataset) => dataset.name === name) ?? all.find((dataset) => dataset.slug === name);
}

/** Where a definition departs from what is registered, one sentence a field. */
function schemaDifferences(defined: Readonly<Fields>, registered: Readonly<Fields>): ErrorDetail[] {
  const names = new Set([...Object.keys(defined), ...Object.keys(registered)]);
  return [...names].flatMap((path) => {
    const [here, there] = [defined[path], registered[path]];
    if (here === there) return [];
    if (there === undefined) return [{ path, message: `is defined as "${here}", but not registered` }];
    if (here === undefined) return [{ path, message: `is registered as "${there}", but not defined` }];
    return [{ path, message: `is defined as "${here}", but registered as "${there}"` }];
  });
}
