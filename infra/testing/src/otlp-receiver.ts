import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it was received over OTLP. */
export interface ReceivedSpan {
  /** `service.name` of the process it came from. */
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  /** Empty: it has no parent. */
  parentSpanId: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
  failed: boolean;
}

/** One export, as it came. */
export interface ReceivedExport {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A receiver of traces over OTLP/HTTP on 127.0.0.1. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  readonly exports: readonly ReceivedExport[];
  /** Of the exports that were JSON, in the order they came. */
  readonly spans: readonly ReceivedSpan[];
  /** From now on exports are read and never answered, nor kept; or again as at first. */
  hang(hanging: boolean): void;
  close(): Promise<void>;
}

interface OtlpAttribute {
  key: string;
  value: Record<string, unknown>;
}
interface OtlpSpan extends Omit<ReceivedSpan, 'service' | 'attributes' | 'failed'> {
  attributes?: OtlpAttribute[];
  status?: { code?: number };
}
/** The part of opentelemetry.proto's ExportTraceServiceRequest that tests look at, in its JSON form. */
interface OtlpExport {
  resourceSpans: { resource: { attributes: OtlpAttribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

/** OTLP's code of a failed span. */
const ERROR = 2;

/** Starts it on any free port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const exports: ReceivedExport[] = [];
  const spans: ReceivedSpan[] = [];
  let hanging = false;
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    if (hanging) return;
    const body = Buffer.concat(chunks);
    exports.push({ path: req.url ?? '', headers: req.headers, body });
    const json = req.headers['content-type'] === 'application/json';
    if (json) spans.push(...spansOf(JSON.parse(body.toString()) as OtlpExport));
    accept(res, json);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exports,
    spans,
    hang: (now) => {
      hanging = now;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The empty ExportTraceServiceResponse. */
function accept(res: ServerResponse, json: boolean): void {
  res.writeHead(200, { 'Content-Type': json ? 'application/json' : 'application/x-protobuf' }).end(json ? '{}' : '');
}

function spansOf({ resourceSpans }: OtlpExport): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => toSpan(service, span)));
  });
}

function toSpan(service: string, span: OtlpSpan): ReceivedSpan {
  const { name, traceId, spanId, kind, links = [], attributes = [], status } = span;
  return {
    service,
    name,
    traceId,
    spanId,
    parentSpanId: span.parentSpanId ?? '',
    kind,
    attributes: attributesOf(attributes),
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    failed: status?.code === ERROR,
  };
}

function attributesOf(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
