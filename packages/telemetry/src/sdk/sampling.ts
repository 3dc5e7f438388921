import {
  type Context,
  createContextKey,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
} from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '../config.js';

/** The sampler that the configuration names. */
export function createSampler(config: Pick<TracingConfig, 'sampler' | 'ratio'>): Sampler {
  const named = namedSampler(config);
  return config.sampler === 'always_off' ? named : distrustStrangers(followLinks(named));
}

function namedSampler({ sampler, ratio }: Pick<TracingConfig, 'sampler' | 'ratio'>): Sampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  }
}

const STRANGER = createContextKey('the parent is a stranger');

/** Marks the parent in a context as one whose word on recording is not taken. */
export function markStranger(context: Context): Context {
  return context.setValue(STRANGER, true);
}

/**
 * Decides for strangers as if they had sent no trace. Not even their trace id counts: ratios are drawn from it, and
 * whoever picks it could pick one that is always drawn.
 */
function distrustStrangers(sampler: Sampler): Sampler {
  const ids = new RandomIdGenerator();
  return {
    shouldSample: (context, traceId, name, kind, attributes, links) =>
      context.getValue(STRANGER) === true
        ? sampler.shouldSample(ROOT_CONTEXT, ids.generateTraceId(), name, kind, attributes, links)
        : sampler.shouldSample(context, traceId, name, kind, attributes, links),
    toString: () => `DistrustStrangers{${sampler}}`,
  };
}

/**
 * Records whatever links to a recorded span: the transaction of a worker is a trace of its own, and drawing lots for
 * it again would leave most of the recorded requests without it.
 */
function followLinks(sampler: Sampler): Sampler {
  return {
    shouldSample: (context, traceId, name, kind, attributes, links) =>
      links.some(isRecorded)
        ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
        : sampler.shouldSample(context, traceId, name, kind, attributes, links),
    toString: () => `FollowLinks{${sampler}}`,
  };
}

function isRecorded({ context }: Link): boolean {
  return isSampled(context);
}

/** Whether a span with this context is exported. */
export function isSampled(context: SpanContext): boolean {
  return isSpanContextValid(context) && (context.traceFlags & TraceFlags.SAMPLED) !== 0;
}
