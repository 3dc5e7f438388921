import type { Suite } from '../report.js';
import { measureBatches } from './batches.js';
import { measureDrain } from './drain.js';
import { measureIndexCost } from './index-cost.js';
import { measureSingle } from './single.js';
import { startStack } from './stack.js';

/** What ingest reaches of what the machine can do, and what the obvious build reaches. */
export const ingestSuite: Suite = {
  name: 'ingest',
  title: 'Ingest: durable 202, exactly-once storage, against a bare server and a bare COPY',
  async run(say) {
    const stack = await startStack(say);
    try {
      return [
        ...(await measureSingle(stack, say)),
        ...(await measureDrain(stack, say)),
        ...(await measureIndexCost(stack, say)),
        ...(await measureBatches(stack, say)),
      ];
    } finally {
      await stack.close();
    }
  },
};
