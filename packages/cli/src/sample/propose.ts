import type { FieldBaseType, FieldType } from '@loguro/types';
import type { ColumnProfile, Kind } from './column-profile.js';

/** The type proposed for a column, with the reason a person can check. */
export interface Proposal {
  type: FieldBaseType;
  optional: boolean;
  why: string;
  /** Said apart: what to decide before registering, or to pass to `ingest`. */
  advice?: string;
  /** The values need `--time-format iso-utc`. */
  needsUtc?: true;
}

/** A part of the values this large makes a type likely, although others speak against it. */
const ALMOST = 0.9;

/**
 * Decides for the narrowest type that loses nothing: what some value contradicts, or what would change a value
 * (`007` as a number), is a string.
 *
 * @returns null when the values are objects or lists, which no field can hold
 */
export function propose(profile: ColumnProfile): Proposal | null {
  const optional = profile.empty > 0;
  const base = decide(profile);
  if (base === null) return null;
  if (!optional) return { ...base, optional };
  return { ...base, optional, why: `${base.why}; ${profile.empty} of ${profile.empty + profile.present} have none` };
}

/** `string` and `true` as `string?`. */
export function typeOf({ type, optional }: Proposal): FieldType {
  return optional ? `${type}?` : type;
}

function decide(profile: ColumnProfile): Omit<Proposal, 'optional'> | null {
  const { present, examples, fragile } = profile;
  if (present === 0) return { type: 'string', why: 'no record has a value', advice: 'decide what it will hold' };
  const example = examples[0] ?? '';
  const all = present === 1 ? 'the one value' : `all ${present} values`;
  if (profile.counts.object > 0) return profile.counts.object === present ? null : mixedWithObjects(profile);
  if (profile.all('boolean')) return { type: 'boolean', why: `${all}: true or false, written ${words(examples)}` };
  if (profile.all('number')) {
    if (fragile === undefined) return { type: 'number', why: `${all}: numbers such as ${example}` };
    return { type: 'string', why: `numbers, but ${fragile.text} (line ${fragile.line}) would not survive as one` };
  }
  if (profile.all('timestamp')) return { type: 'timestamp', why: `${all}: timestamps such as ${example}` };
  if (profile.all('timestamp_utc')) {
    return {
      type: 'timestamp',
      why: `${all}: timestamps without offset such as ${example}`,
      advice: 'pass --time-format iso-utc to ingest if they are UTC',
      needsUtc: true,
    };
  }
  return { type: 'string', ...almost(profile) };
}

function almost(profile: ColumnProfile): { why: string; advice?: string } {
  const { present, counts, against, examples } = profile;
  const likely = (['number', 'boolean', 'timestamp', 'timestamp_utc'] as const).find(
    (kind) => counts[kind] >= ALMOST * present,
  );
  if (likely === undefined) return { why: `text such as ${words(examples)}` };
  const witness = against[likely];
  return {
    why: `${counts[likely]} of ${present} are ${NAMES[likely]}, but not "${witness?.text}" in line ${witness?.line}`,
    advice: `if "${witness?.text}" means "no value", pass --null "${witness?.text}"`,
  };
}

const NAMES: Record<Kind, string> = {
  number: 'numbers',
  boolean: 'booleans',
  timestamp: 'timestamps',
  timestamp_utc: 'timestamps',
  string: 'text',
  object: 'objects',
};

function mixedWithObjects(profile: ColumnProfile): Omit<Proposal, 'optional'> {
  return {
    type: 'string',
    why: `some values are objects or lists, such as ${profile.against.string?.text ?? profile.examples[0]}`,
    advice: 'no field can hold those: ingest will reject their records, unless the column is left out',
  };
}

function words(examples: readonly string[]): string {
  return examples.map((example) => `"${example}"`).join(', ');
}
