import type { ChangeFeed } from '../cache/change-feed.js';
import type { Database } from '../cache/database.js';
import type { OpenIngestQueue } from '../queue/open-ingest-queue.js';

/** Options of {@link createReadiness}. */
export interface ReadinessOptions {
  database: Database;
  feed: ChangeFeed;
  queue: Pick<OpenIngestQueue, 'problem'>;
  isStopping: () => boolean;
}

/** How long an answer of the database counts, in milliseconds: probes are public, so they must not be a load. */
const REMEMBERED_MS = 500;

/** Tells why records can't be taken right now; empty when they can. */
export function createReadiness({ database, feed, queue, isStopping }: ReadinessOptions): () => Promise<string[]> {
  let asked: { at: number; answers: Promise<boolean> } | undefined;
  const databaseAnswers = () => {
    const now = performance.now();
    if (asked === undefined || now - asked.at > REMEMBERED_MS) {
      const answers = database.query('SELECT').then(
        () => true,
        () => false,
      );
      asked = { at: now, answers };
    }
    return asked.answers;
  };
  return async () => {
    const problems: string[] = [];
    if (isStopping()) problems.push('The process is stopping.');
    const queueProblem = queue.problem();
    if (queueProblem !== null) problems.push(queueProblem);
    if (!(await databaseAnswers())) problems.push('The database does not answer.');
    if (!feed.live) problems.push('Changes of keys and datasets are not being heard; every lookup asks the database.');
    return problems;
  };
}
