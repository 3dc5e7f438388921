import { expect, test } from '@jest/globals';
import { RENDER_TIMEOUT_MS } from './kubectl.js';
import { render } from './render.js';
import { schemaFaults } from './schema.js';

test.each(['base', 'trial', 'example'])(
  'every object of %s fits the schema of its kind, and has no field unknown to it',
  async (folder) => {
    const objects = render(folder);
    expect(objects.length).toBeGreaterThan(30);
    const faults: string[] = [];
    // One after the other: Jest loses its way when a module is imported twice at once.
    for (const object of objects) faults.push(...(await schemaFaults(object)));
    expect(faults).toEqual([]);
  },
  RENDER_TIMEOUT_MS,
);

test('a wrong type, a missing field and a misspelt one are found out', async () => {
  const [container, metadata] = [{ name: 'x', image: 'x' }, { name: 'x' }];
  const deployment = (spec: object, template: object = { spec: { containers: [container] } }) =>
    schemaFaults({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: { a: 'b' } }, template, ...spec },
    });
  expect(await deployment({})).toEqual([]);
  expect(await deployment({ replicas: '2' })).toEqual([expect.stringContaining('/spec/replicas must be integer')]);
  expect(await deployment({ selector: undefined })).toEqual([
    expect.stringContaining('must have required property selector'),
  ]);
  const probe = { httpGet: { path: '/', port: 'a' }, periodSecond: 5 };
  expect(await deployment({}, { spec: { containers: [{ ...container, readinessProbe: probe }] } })).toEqual([
    'Deployment x: no schema knows the field .spec.template.spec.containers[0].readinessProbe.periodSecond.',
  ]);
});
