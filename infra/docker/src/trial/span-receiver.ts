// Runs in a container: receives traces over OTLP/HTTP as JSON, and writes a line for each span.
import { createServer } from 'node:http';

interface Attribute {
  key: string;
  value: { stringValue?: string };
}
interface Export {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: { name: string; traceId: string }[] }[];
  }[];
}

createServer(async (req, res) => {
  let body = '';
  for await (const text of req.setEncoding('utf8')) body += text;
  for (const { resource, scopeSpans } of (JSON.parse(body) as Export).resourceSpans) {
    const of = (name: string) => resource.attributes.find(({ key }) => key === name)?.value.stringValue;
    const [service, instance] = [of('service.name'), of('service.instance.id')];
    for (const { name, traceId } of scopeSpans.flatMap(({ spans }) => spans)) {
      console.log(JSON.stringify({ service, instance, name, traceId }));
    }
  }
  res.setHeader('Content-Type', 'application/json').end('{}');
}).listen(4318, '0.0.0.0');

process.once('SIGTERM', () => process.exit(0));
