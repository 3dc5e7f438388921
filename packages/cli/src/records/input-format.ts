import { CliError } from '../cli-error.js';

export const INPUT_FORMATS = ['csv', 'ndjson'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

const BY_EXTENSION: Record<string, InputFormat> = {
  csv: 'csv',
  tsv: 'csv',
  tab: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  ldjson: 'ndjson',
};

/**
 * The format by the file's name (a `.gz` is looked through), else by its first character.
 *
 * @throws CliError when it is one JSON array, which would have to be read whole
 */
export function detectFormat(name: string, head: string): InputFormat {
  const extension = name.toLowerCase().replace(/\.gz$/, '').split('.').pop() ?? '';
  const first = head.trimStart()[0];
  if (first === '[' && BY_EXTENSION[extension] !== 'csv') {
    throw new CliError(`${name} is one JSON array; this command reads one JSON object a line.`, {
      hints: [`Convert it: jq -c '.[]' ${name} > ${name.replace(/\.json$/, '')}.ndjson`],
    });
  }
  return BY_EXTENSION[extension] ?? (first === '{' ? 'ndjson' : 'csv');
}

const DELIMITERS = [',', ';', '\t', '|'] as const;

/** The delimiter that cuts the header into the most columns; what stands between quotes doesn't count. */
export function detectDelimiter(head: string): string {
  const header = head.replaceAll(/"(?:[^"]|"")*"/g, '').split(/\r?\n/, 1)[0] ?? '';
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** `tab`, `\t` or the character itself. */
export function parseDelimiter(text: string): string {
  if (text === 'tab' || text === '\\t') return '\t';
  if (/^[\x20-\x7e\t]$/.test(text) && text !== '"') return text;
  throw new CliError(`The delimiter "${text}" can't be used.`, {
    hints: ['Give one ASCII character other than the quote, or "tab".'],
  });
}
