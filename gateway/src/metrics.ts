import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Upstream } from './upstream.js';

/** From half a millisecond to the longest query. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Everything the gateway counts. */
export class GatewayMetrics {
  readonly registry = new Registry();
  readonly #requests: Counter<'surface' | 'status'>;
  readonly #duration: Histogram<'surface'>;
  readonly #retries: Counter;
  readonly #malformed: Counter<'reason'>;
  readonly #upstreamFailures: Counter<'upstream' | 'reason'>;
  readonly #dropped: Counter;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Counter({
      name: 'loguro_gateway_requests_total',
      help: 'Requests by surface and status; 499 means that the client went away first.',
      labelNames: ['surface', 'status'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'loguro_gateway_request_duration_seconds',
      help: 'From the headers of a request to the end of its answer.',
      labelNames: ['surface'],
      buckets: SECONDS,
      registers,
    });
    this.#retries = new Counter({
      name: 'loguro_gateway_retries_total',
      help: 'Requests given to another upstream because the first could not be reached.',
      registers,
    });
    this.#malformed = new Counter({
      name: 'loguro_gateway_malformed_requests_total',
      help: 'Connections on which something came that is no HTTP request, or came too slowly.',
      labelNames: ['reason'],
      registers,
    });
    this.#upstreamFailures = new Counter({
      name: 'loguro_gateway_upstream_failures_total',
      help: 'Requests that an upstream gave no whole answer to.',
      labelNames: ['upstream', 'reason'],
      registers,
    });
    this.#dropped = new Counter({
      name: 'loguro_gateway_dropped_connections_total',
      help: 'Connections closed at once because there were too many.',
      registers,
    });
  }

  /** Adds the values that are read when somebody looks. */
  watch(sources: { connections: () => number; upstreams: readonly Upstream[] }): void {
    const registers = [this.registry];
    new Gauge({
      name: 'loguro_gateway_connections',
      help: 'Open client connections.',
      registers,
      collect() {
        this.set(sources.connections());
      },
    });
    new Gauge({
      name: 'loguro_gateway_upstream_in_flight',
      help: 'Requests given to an upstream and not answered yet.',
      labelNames: ['upstream'],
      registers,
      collect() {
        for (const upstream of sources.upstreams) this.set({ upstream: upstream.origin }, upstream.inFlight);
      },
    });
    new Gauge({
      name: 'loguro_gateway_upstream_up',
      help: '1 while the upstream can be reached.',
      labelNames: ['upstream'],
      registers,
      collect() {
        for (const upstream of sources.upstreams) this.set({ upstream: upstream.origin }, upstream.up ? 1 : 0);
      },
    });
  }

  requestDone(surface: string, status: number, seconds: number): void {
    this.#requests.inc({ surface, status });
    this.#duration.observe({ surface }, seconds);
  }

  retried(): void {
    this.#retries.inc();
  }

  malformed(reason: string): void {
    this.#malformed.inc({ reason });
  }

  upstreamFailed(upstream: string, reason: string): void {
    this.#upstreamFailures.inc({ upstream, reason });
  }

  connectionDropped(): void {
    this.#dropped.inc();
  }
}
