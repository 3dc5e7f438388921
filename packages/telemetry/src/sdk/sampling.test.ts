import { expect, test } from '@jest/globals';
import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import { createSampler, markStranger } from './sampling.js';

/** A ratio draws this id whatever it is, as it compares the id's bits with a bound. */
const ALWAYS_DRAWN = '00000000000000000000000000000001';
const span = (sampled: boolean, traceId = ALWAYS_DRAWN) => ({
  traceId,
  spanId: '00f067aa0ba902b7',
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
});
const within = (sampled: boolean) => trace.setSpanContext(ROOT_CONTEXT, span(sampled));
const records = (sampler: Sampler, context = ROOT_CONTEXT, links: { context: ReturnType<typeof span> }[] = []) =>
  sampler.shouldSample(context, ALWAYS_DRAWN, 'x', SpanKind.SERVER, {}, links).decision ===
  SamplingDecision.RECORD_AND_SAMPLED;

test('a caller that is known decides, for and against', () => {
  expect(records(createSampler({ sampler: 'parentbased_always_on', ratio: 1 }), within(false))).toBe(false);
  expect(records(createSampler({ sampler: 'parentbased_always_off', ratio: 1 }), within(true))).toBe(true);
});

test('a stranger does not: its flag counts neither way', () => {
  const all = createSampler({ sampler: 'parentbased_always_on', ratio: 1 });
  const none = createSampler({ sampler: 'parentbased_always_off', ratio: 1 });
  for (const sampled of [true, false]) {
    expect(records(all, markStranger(within(sampled)))).toBe(true);
    expect(records(none, markStranger(within(sampled)))).toBe(false);
  }
});

test('nor does the trace id that a stranger picked to be drawn', () => {
  const few = createSampler({ sampler: 'parentbased_traceidratio', ratio: 0.001 });
  expect(records(few)).toBe(true);
  let drawn = 0;
  for (let i = 0; i < 2000; i++) if (records(few, markStranger(within(true)))) drawn += 1;
  // Two are to be expected, and forty come about once in the age of the universe.
  expect(drawn).toBeLessThan(40);
});

test('what serves a recorded request is recorded, whatever the ratio says', () => {
  const sampler = createSampler({ sampler: 'traceidratio', ratio: 0 });
  expect(records(sampler, ROOT_CONTEXT, [{ context: span(true) }])).toBe(true);
  expect(records(sampler, ROOT_CONTEXT, [{ context: span(false) }])).toBe(false);
  const off = createSampler({ sampler: 'always_off', ratio: 1 });
  expect(records(off, ROOT_CONTEXT, [{ context: span(true) }])).toBe(false);
});
