import { describe } from '@jest/globals';
import { describeBodies } from './acceptance/bodies.js';
import { describeHeaders } from './acceptance/headers.js';
import { ROUTERS } from './acceptance/routers.js';
import { describeRouting } from './acceptance/routing.js';
import { describeSlowness } from './acceptance/slowness.js';
import { describeSmuggling } from './acceptance/smuggling.js';
import { describeTls } from './acceptance/tls.js';
import { describeUpstreams } from './acceptance/upstreams.js';

// One file, so that one worker installs nginx when the machine has none.
describe.each(ROUTERS)('$name', (router) => {
  describe('routes', () => describeRouting(router));
  describe('treats headers', () => describeHeaders(router));
  describe('passes on', () => describeBodies(router));
  describe('survives', () => describeUpstreams(router));
  describe('refuses', () => describeSmuggling(router));
  describe('speaks', () => describeTls(router));
  describe('limits', () => describeSlowness(router));
});
