import type { Logger } from 'pino';
import type { Database } from './database/database.js';
import type { SigningKeys } from './keys/signing-keys.js';
import type { StopQueries } from './query/stop-queries.js';

/** What endpoints work with. */
export interface Services {
  database: Database;
  /** For those who need a record table for themselves. */
  stopQueries: StopQueries;
  signingKeys: SigningKeys;
  /** Public base URL of this service, without a slash at the end. */
  apiUrl: string;
  /** Public base URL of ingest, without a slash at the end. */
  ingestUrl: string;
  /** The OpenAPI document of this installation, made once. */
  openApi: object;
  logger: Logger;
}
