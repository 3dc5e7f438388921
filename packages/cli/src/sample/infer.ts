import type { Fields } from '@loguro/types';
import type { Decoded } from '../records/decode.js';
import { fieldNames } from '../records/field-name.js';
import { decodeRun, type RecordFile } from '../records/record-reader.js';
import { ColumnProfile } from './column-profile.js';
import { propose, typeOf } from './propose.js';

/** What is proposed for one column of the file. */
export interface InferredColumn {
  /** As in the file. */
  column: string;
  /** What it becomes: the record's timestamp or context, a field, or nothing. */
  role: 'timestamp' | 'context' | 'field' | 'none';
  /** For fields. */
  field?: string;
  type?: string;
  why: string;
  advice?: string;
}

/** A proposed definition and how it came about. */
export interface Inference {
  fields: Fields;
  /** Heading of the column that holds the record's timestamp; null when none looks like it. */
  timestampColumn: string | null;
  columns: InferredColumn[];
  /** Flags `ingest` needs for this file. */
  ingestFlags: string[];
  records: number;
  /** Records that could not be parsed. */
  unreadable: number;
  /** The file goes on behind the sample. */
  partial: boolean;
}

/** Options of {@link inferFields}. */
export interface InferOptions {
  /** Records to look at; 0: all. */
  sample: number;
  nulls: readonly string[];
  timestampColumn?: string | undefined;
}

/** Looks at the records of a file, in constant memory, and proposes a field for every column. */
export async function inferFields(file: RecordFile, options: InferOptions): Promise<Inference> {
  const profiles = new Map<string, ColumnProfile>();
  if (file.format === 'csv') for (const heading of file.headings) profiles.set(heading, new ColumnProfile(heading));
  const seen = { records: 0, unreadable: 0, partial: false };
  for await (const run of file.records) {
    const room = options.sample === 0 ? run.length : options.sample - seen.records - seen.unreadable;
    for (const decoded of decodeRun(file, run.slice(0, room))) count(decoded, file, profiles, options.nulls, seen);
    if (run.length > room) {
      seen.partial = true;
      break;
    }
  }
  // A key that only some lines have is empty in the others.
  for (const profile of profiles.values()) profile.empty = seen.records - profile.present;
  return { ...describe([...profiles.values()], options), ...seen };
}

function count(
  decoded: Decoded<string[] | Record<string, unknown>>,
  file: RecordFile,
  profiles: Map<string, ColumnProfile>,
  nulls: readonly string[],
  seen: { records: number; unreadable: number },
): void {
  if (decoded.fault !== undefined) {
    seen.unreadable++;
    return;
  }
  seen.records++;
  const { value, raw } = decoded;
  const entries =
    file.format === 'csv'
      ? file.headings.map((heading, i) => [heading, (value as string[])[i]] as const)
      : Object.entries(value);
  for (const [name, item] of entries) {
    const profile = profiles.get(name) ?? new ColumnProfile(name);
    profiles.set(name, profile);
    if (item === null || item === '' || item === undefined || nulls.includes(String(item))) continue;
    if (file.format === 'csv') profile.addText(String(item), raw.line);
    else profile.addJson(item, raw.line);
  }
}

function describe(profiles: readonly ColumnProfile[], options: InferOptions) {
  const timestampColumn = options.timestampColumn ?? findTimestamp(profiles);
  const rest = profiles.filter(({ name }) => name !== timestampColumn && name !== 'context');
  const names = fieldNames(rest.map(({ name }) => name));
  const fields: Fields = {};
  const columns = profiles.map((profile): InferredColumn => {
    const { name } = profile;
    if (name === timestampColumn) return { column: name, role: 'timestamp', why: 'when it happened' };
    if (name === 'context') return { column: name, role: 'context', why: 'free JSON, part of every record' };
    const field = names[rest.indexOf(profile)] as string;
    const proposal = propose(profile);
    if (proposal === null) return notAField(profile);
    const type = typeOf(proposal);
    fields[field] = type;
    const { why, advice } = proposal;
    return { column: name, role: 'field', field, type, why, ...(advice === undefined ? {} : { advice }) };
  });
  return { fields, timestampColumn, columns, ingestFlags: ingestFlags(profiles, timestampColumn, columns, options) };
}

function notAField(profile: ColumnProfile): InferredColumn {
  return {
    column: profile.name,
    role: 'none',
    why: `objects or lists such as ${profile.examples[0]}, which no field can hold`,
    advice: 'pass --extra context to ingest to keep them in the context',
  };
}

/** The names people give to the time of an event, likeliest first. */
const TIMESTAMP_NAMES = [
  'timestamp',
  'time',
  'ts',
  'datetime',
  'date_time',
  'event_time',
  'occurred_at',
  'created_at',
  'date',
];

function findTimestamp(profiles: readonly ColumnProfile[]): string | null {
  const fit = profiles.filter((profile) => profile.empty === 0 && isTime(profile));
  const byName = TIMESTAMP_NAMES.map((name) => fit.find((profile) => profile.name.toLowerCase() === name));
  return (byName.find((profile) => profile !== undefined) ?? fit[0])?.name ?? null;
}

function isTime(profile: ColumnProfile): boolean {
  return profile.all('timestamp_utc') || isEpoch(profile) !== null;
}

/** Whole numbers of ten or thirteen digits are this century's seconds or milliseconds, when the name says "time" too. */
function isEpoch(profile: ColumnProfile): 'epoch-s' | 'epoch-ms' | null {
  if (!profile.all('number') || !TIMESTAMP_NAMES.includes(profile.name.toLowerCase())) return null;
  if (profile.examples.every((text) => /^\d{10}(\.\d+)?$/.test(text))) return 'epoch-s';
  return profile.examples.every((text) => /^\d{13}(\.\d+)?$/.test(text)) ? 'epoch-ms' : null;
}

function ingestFlags(
  profiles: readonly ColumnProfile[],
  timestampColumn: string | null,
  columns: readonly InferredColumn[],
  options: InferOptions,
): string[] {
  const time = profiles.find(({ name }) => name === timestampColumn);
  const flags: string[] = [];
  if (time === undefined) flags.push('--timestamp now');
  else if (time.name !== 'timestamp') flags.push(`--timestamp-column ${shellWord(time.name)}`);
  const epoch = time && isEpoch(time);
  const utc = profiles.some((profile) => profile.all('timestamp_utc') && !profile.all('timestamp'));
  if (epoch) flags.push(`--time-format ${epoch}`);
  else if (utc) flags.push('--time-format iso-utc');
  for (const text of options.nulls) flags.push(`--null ${shellWord(text)}`);
  if (columns.some(({ role }) => role === 'none')) flags.push('--extra context');
  return flags;
}

/** A word as a POSIX shell takes it. */
export function shellWord(text: string): string {
  return /^[\w.,:@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
