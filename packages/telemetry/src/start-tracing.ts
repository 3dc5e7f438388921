import type { TracingConfig } from './config.js';
import type { Tracing, TracingOptions } from './tracing.js';

/**
 * Turns tracing on when it is configured. OpenTelemetry's SDK is loaded here and nowhere else, so that a process
 * without traces pays neither memory nor start-up time for it.
 *
 * @returns null when tracing is off
 */
export async function startTracing(config: TracingConfig | null, options: TracingOptions): Promise<Tracing | null> {
  if (config === null) return null;
  const { openTracing } = await import('./sdk/open-tracing.js');
  return openTracing(config, options);
}
