/** What the path of an ingest request says. */
export interface IngestTarget {
  /** null: the path names none (legacy). 0: it names something that is no dataset's id. */
  dataset: number | null;
  batch: boolean;
  /** The query string without its question mark; empty when there is none. */
  search: string;
}

const SHAPE = /^\/datasets(?:\/([^/?]+))?(\/batch)?\/?(?:\?(.*))?$/;
const ID = /^[1-9]\d{0,9}$/;
/** PostgreSQL's largest integer; no dataset has a larger id. */
const MAX_ID = 2147483647;

/** Reads `/datasets`, `/datasets/13`, `/datasets/batch`, `/datasets/13/batch`; null for any other path. */
export function parseTarget(url: string): IngestTarget | null {
  const match = SHAPE.exec(url);
  if (match === null) return null;
  const [, dataset, batch, search = ''] = match;
  if (dataset === undefined) return batch === undefined ? { dataset: null, batch: false, search } : null;
  if (dataset === 'batch' && batch === undefined) return { dataset: null, batch: true, search };
  return { dataset: parseDatasetId(dataset), batch: batch !== undefined, search };
}

/** A dataset's id from its decimal text; 0, which no dataset has, when it is none. */
export function parseDatasetId(text: string): number {
  const id = ID.test(text) ? Number(text) : 0;
  return id <= MAX_ID ? id : 0;
}

/** Whether it is a single record for a dataset, and nothing is asked for. */
export function isPlain({ dataset, batch, search }: IngestTarget): boolean {
  return dataset !== null && !batch && search === '';
}
