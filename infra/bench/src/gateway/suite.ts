import type { Suite } from '../report.js';
import { measureIdle } from './idle.js';
import { measureSpeed } from './speed.js';

/** What the gateway costs every request, and what resting connections cost the gateway. */
export const gatewaySuite: Suite = {
  name: 'gateway',
  title: 'Gateway: in front of a bare node:http backend that reads the body and answers 202',
  run: async (say) => [...(await measureSpeed(say)), ...(await measureIdle(say))],
};
