import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { RequestStats } from './request-stats.js';
import type { Upstream } from './upstream.js';

/** Everything the gateway counts. */
export class GatewayMetrics {
  readonly registry = new Registry();
  readonly requests = new RequestStats();
  readonly #retries: Counter;
  readonly #malformed: Counter<'reason'>;
  readonly #upstreamFailures: Counter<'upstream' | 'reason'>;
  readonly #dropped: Counter;
  readonly #heldBack: Counter;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
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
    this.#heldBack = new Counter({
      name: 'loguro_gateway_held_back_requests_total',
      help: 'Requests answered 429 because too many wrong credentials came from their address.',
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

  /** Adds when the certificate in use stops being valid. */
  watchCertificate(expiry: () => number): void {
    new Gauge({
      name: 'loguro_gateway_certificate_expiry_timestamp_seconds',
      help: 'When the certificate in use stops being valid, in seconds since 1970.',
      registers: [this.registry],
      collect() {
        this.set(expiry());
      },
    });
  }

  /** Prometheus text exposition format 0.0.4. */
  async render(): Promise<string> {
    return (await this.registry.metrics()) + this.requests.render();
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

  heldBack(): void {
    this.#heldBack.inc();
  }

  connectionDropped(): void {
    this.#dropped.inc();
  }
}
