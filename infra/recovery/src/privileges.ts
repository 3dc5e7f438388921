import { withClient } from '@loguro/servers';

/**
 * Who may do what in a database, one line each: on schemas, tables, views, sequences, columns, functions and the
 * database itself; and who owns the record tables.
 */
export function privilegesOf(ownerUrl: string): Promise<string[]> {
  return withClient(ownerUrl, async (client) => {
    const { rows } = await client.query<{ line: string }>(PRIVILEGES);
    return rows.map(({ line }) => line);
  });
}

const SCHEMAS = "('public', 'records', 'ingest', 'queue')";

const PRIVILEGES = `
  WITH granted AS (
    SELECT 'schema ' || nspname AS what, nspacl AS acl, nspowner AS owner FROM pg_namespace WHERE nspname IN ${SCHEMAS}
    UNION ALL
    SELECT c.relkind::text || ' ' || n.nspname || '.' || c.relname, c.relacl, c.relowner
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ${SCHEMAS} AND c.relkind IN ('r', 'p', 'v', 'S')
    UNION ALL
    SELECT 'column ' || n.nspname || '.' || c.relname || '.' || a.attname, a.attacl, c.relowner
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ${SCHEMAS} AND a.attacl IS NOT NULL
    UNION ALL
    SELECT 'function ' || n.nspname || '.' || p.proname, p.proacl, p.proowner
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ${SCHEMAS}
    UNION ALL
    SELECT 'database', datacl, datdba FROM pg_database WHERE datname = current_database()
  ), lines AS (
    SELECT what || ': ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC') || ' may ' || a.privilege_type AS line
      FROM granted, aclexplode(acl) AS a WHERE a.grantee <> owner
    UNION ALL
    SELECT what || ' belongs to ' || owner::regrole FROM granted WHERE what ~ '^[rpv] records[.]'
  )
  SELECT line FROM lines ORDER BY line`;
