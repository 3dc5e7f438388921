import type { Fields } from './fields.js';

/** A registered schema. Immutable; `version` is 1 until schemas can evolve. */
export interface Schema {
  version: number;
  fields: Fields;
}

/** A dataset of a project. Times are RFC 3339, UTC. */
export interface Dataset {
  /** Never reused, not even after deletion. */
  id: number;
  name: string;
  /** Made from the first name; unique in the project; stays when the name changes. */
  slug: string;
  description: string | null;
  /** Receives records sent without a dataset id. */
  isDefault: boolean;
  schema: Schema | null;
  status: 'pending_schema' | 'active';
  /** Records whose timestamp is older than this many days are deleted in the background; null: they are kept. */
  retentionDays?: number | null;
  createdAt: string;
  updatedAt: string;
}

/** Body of "create dataset". */
export interface CreateDataset {
  name: string;
  description?: string | null;
}

/** Body of "edit dataset": at least one key. */
export interface UpdateDataset {
  name?: string;
  description?: string | null;
  /** 1 to 36,500; null: keep records for good. */
  retentionDays?: number | null;
}
