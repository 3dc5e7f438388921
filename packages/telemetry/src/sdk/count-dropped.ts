import { createNoopMeter, type Meter, type MeterProvider } from '@opentelemetry/api';

/** The SDK's own counter of spans that its processor is done with; those it had no room for have this `error.type`. */
const PROCESSED = 'otel.sdk.processor.span.processed';
const QUEUE_FULL = 'queue_full';

/**
 * Hears what the SDK's processor measures of itself, of which only one thing is of interest: it tells nobody else how many
 * spans it dropped because too many waited.
 */
export function countDropped(dropped: (spans: number) => void): MeterProvider {
  const none = createNoopMeter();
  const createCounter: Meter['createCounter'] = (name, options) => {
    if (name !== PROCESSED) return none.createCounter(name, options);
    return {
      add(spans, attributes) {
        if (attributes?.['error.type'] === QUEUE_FULL) dropped(spans);
      },
    };
  };
  const meter = Object.create(none, { createCounter: { value: createCounter } }) as Meter;
  return { getMeter: () => meter };
}
