import type { Fields } from '@loguro/types';
import { CliError } from '../cli-error.js';
import { convertCells, convertObject, type OutRecord } from '../records/convert.js';
import { Mapping, type MappingOptions } from '../records/mapping.js';
import type { RecordFile } from '../records/record-reader.js';

/**
 * How the records of a file become records of a dataset.
 *
 * @throws CliError when the header doesn't fit the fields, or there are none and CSV needs them
 */
export function converterFor(
  file: RecordFile,
  fields: Fields | undefined,
  options: MappingOptions,
): (value: string[] | Record<string, unknown>) => OutRecord {
  if (file.format === 'ndjson') {
    // Without fields every key may be one: the server decides.
    const mapping = new Mapping(fields ?? {}, fields === undefined ? { ...options, extra: 'refuse' } : options);
    return (value) => convertObject(value as Record<string, unknown>, mapping);
  }
  if (fields === undefined) {
    throw new CliError('CSV says nothing about types, so the schema is needed.', {
      hints: ['Give the definition: --schema schema.json', 'Or log in, so that it can be read: loguro login'],
    });
  }
  const mapping = new Mapping(fields, options);
  const targets = mapping.plan(file.headings);
  return (value) => convertCells(value as string[], targets, mapping);
}
