/** Reads of the control plane's contract tables and views; see the migration for their columns. */
export const STATEMENTS = {
  /** Every public key that project keys may be signed with: the one that signs now, and those not retired yet. */
  signingKeys: 'SELECT kid, public_key FROM public.signing_keys WHERE retired_at IS NULL ORDER BY kid',

  /** One project key that is neither revoked nor deleted. */
  projectKey: 'SELECT id, project_id, kind, allowed_origins, expires_at FROM ingest.project_keys WHERE id = $1',

  dataset: 'SELECT id, project_id, is_default, fields FROM ingest.datasets WHERE id = $1',

  defaultDataset: 'SELECT id FROM ingest.datasets WHERE project_id = $1 AND is_default',

  /** Every origin that some live browser key lists, with the last moment one does; null: no end. */
  origins: `
    SELECT origin, max(coalesce(expires_at, 'infinity')) AS until
      FROM ingest.project_keys, unnest(allowed_origins) AS origin
     WHERE kind = 'browser' AND (expires_at IS NULL OR expires_at > now())
     GROUP BY origin`,
} as const;
