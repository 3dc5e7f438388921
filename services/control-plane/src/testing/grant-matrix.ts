import { readFileSync } from 'node:fs';
import type { Client } from 'pg';
import { ROLES } from '../database/roles.js';

const NAMES = Object.values(ROLES);

/** One kind of object, as many rows as there are objects times roles. `$1`: the roles. */
const OURS = `nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'`;
const QUERIES = [
  `SELECT 'database' AS object, role, false AS owns,
          ARRAY(SELECT p FROM unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS p
                 WHERE has_database_privilege(role, current_database(), p)) AS may
     FROM unnest($1::text[]) AS role`,
  `SELECT 'schema ' || nspname AS object, role, nspowner = role::regrole AS owns,
          ARRAY(SELECT p FROM unnest(ARRAY['USAGE', 'CREATE']) AS p WHERE has_schema_privilege(role, n.oid, p)) AS may
     FROM pg_namespace AS n, unnest($1::text[]) AS role WHERE ${OURS}`,
  // A privilege on single columns is told only where there is none on the whole.
  `SELECT CASE relkind WHEN 'v' THEN 'view' ELSE 'table' END || ' ' || nspname || '.' || relname AS object, role,
          relowner = role::regrole AS owns,
          ARRAY(SELECT CASE WHEN has_table_privilege(role, c.oid, p) THEN p
                            ELSE p || ' (' || (SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
                                                WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                                                  AND p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                                                  AND CASE WHEN p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                                                           THEN has_column_privilege(role, c.oid, attnum, p) END) || ')'
                       END
                  FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'])
                       AS p) AS may
     FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace, unnest($1::text[]) AS role
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND ${OURS}`,
  `SELECT 'sequence ' || nspname || '.' || relname AS object, role, relowner = role::regrole AS owns,
          ARRAY(SELECT p FROM unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p
                 WHERE has_sequence_privilege(role, c.oid, p)) AS may
     FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace, unnest($1::text[]) AS role
    WHERE relkind = 'S' AND ${OURS}`,
  // Everybody may execute a function by default; what keeps a role from it is that it can't name it.
  `SELECT 'function ' || nspname || '.' || proname AS object, role, proowner = role::regrole AS owns,
          ARRAY(SELECT 'EXECUTE' WHERE has_function_privilege(role, p.oid, 'EXECUTE')
                                   AND has_schema_privilege(role, n.oid, 'USAGE')) AS may
     FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace, unnest($1::text[]) AS role WHERE ${OURS}`,
];

interface Grant {
  object: string;
  role: string;
  owns: boolean;
  may: (string | null)[];
}

/**
 * What each service's role may do with each object of the database, whoever granted it: lines of a Markdown table,
 * sorted. BullMQ's objects that are all alike are one line, and so are record tables.
 */
export async function grantMatrix(client: Client): Promise<string[]> {
  const cells = new Map<string, Map<string, string>>();
  for (const query of QUERIES) {
    const { rows } = await client.query<Grant>(query, [NAMES]);
    for (const { object, role, owns, may } of rows) {
      const row = cells.get(object) ?? new Map<string, string>();
      const cell = owns ? 'owner' : may.filter((privilege) => privilege !== null).join(', ') || '—';
      const known = row.get(role) ?? cell;
      // Functions of one name are one line, which shows a difference between them.
      row.set(role, known === cell ? cell : `${known} or ${cell}`);
      cells.set(object, row);
    }
  }
  const lines = [...cells].map(([object, row]) => {
    const [kind = '', name] = object.split(' ');
    const shown = name === undefined ? kind : `${kind} \`${name}\``;
    return `| ${[shown, ...NAMES.map((role) => row.get(role))].join(' | ')} |`;
  });
  return [...new Set(lines.map((line) => merged(line, lines)))].sort();
}

/** The line of a record table or of one of BullMQ's objects, under a common name where most of its kind are alike. */
function merged(line: string, lines: readonly string[]): string {
  const records = line.replace(/`records\.dataset_\d+`/, '`records.dataset_*`');
  if (records !== line) return records;
  const [, kind, cells] = /^\| (\w+) `queue\.[^`]+` (.*)$/.exec(line) ?? [];
  if (kind === undefined) return line;
  const siblings = lines.filter((other) => other.startsWith(`| ${kind} \`queue.`));
  const alike = siblings.filter((other) => other.endsWith(`\` ${cells}`));
  return alike.length * 2 > siblings.length ? `| ${kind} \`queue.*\` ${cells}` : line;
}

/** The lines of the table in `docs/privileges.md`, sorted. */
export function documentedMatrix(): string[] {
  const page = readFileSync(new URL('../../../../docs/privileges.md', import.meta.url), 'utf8');
  return page
    .split('\n')
    .filter((line) => /^\| (database|schema|table|view|sequence|function)\b/.test(line))
    .sort();
}
