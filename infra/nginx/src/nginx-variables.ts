import { expandTrustedProxies, type GatewayOptions } from '@loguro/gateway';

/** Options that only nginx has. */
export interface NginxOptions {
  /** Where to listen: `8080` or `127.0.0.1:8080`. */
  listen: string;
  /** A file, or a device such as `/dev/stdout`. */
  accessLog: string;
  /** Where `errors.conf` lies. */
  errorsFile: string;
}

/** The template's variables by name, derived from the gateway's options so that both mean the same. */
export function nginxVariables(options: GatewayOptions, nginx: NginxOptions): Record<string, string> {
  const { client, upstream, tls } = options;
  return {
    LOGURO_NGINX_LISTEN: tls === undefined ? nginx.listen : `${nginx.listen} ssl`,
    LOGURO_NGINX_TLS:
      tls === undefined
        ? ''
        : `ssl_certificate ${tls.certFile}; ssl_certificate_key ${tls.keyFile}; ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers HIGH:!aNULL:!MD5:!kRSA;`,
    LOGURO_NGINX_ERRORS: nginx.errorsFile,
    LOGURO_NGINX_ACCESS_LOG: nginx.accessLog,
    LOGURO_NGINX_LOG_ALL: options.accessLog === 'all' ? '1' : '0',
    LOGURO_NGINX_LOG_ERRORS: options.accessLog === 'off' ? '0' : '1',
    LOGURO_NGINX_CONTROL_NAMES: options.controlHosts.join(' '),
    LOGURO_NGINX_INGEST_NAMES: options.ingestHosts.join(' '),
    LOGURO_NGINX_CONTROL_SERVERS: servers(options.controlUpstreams),
    LOGURO_NGINX_INGEST_SERVERS: servers(options.ingestUpstreams),
    LOGURO_NGINX_TRUSTED: expandTrustedProxies(options.trustedProxies)
      .map((network) => `${network} 1;`)
      .join(' '),
    LOGURO_NGINX_HEADER_BUFFER: String(Math.ceil(client.maxHeaderBytes / 2)),
    LOGURO_NGINX_HEADERS_TIMEOUT: `${client.headersTimeoutMs}ms`,
    LOGURO_NGINX_BODY_TIMEOUT: `${client.requestTimeoutMs}ms`,
    LOGURO_NGINX_KEEP_ALIVE: `${client.keepAliveTimeoutMs}ms`,
    LOGURO_NGINX_SEND_TIMEOUT: `${client.stallTimeoutMs}ms`,
    LOGURO_NGINX_UPSTREAM_KEEP_ALIVE: `${upstream.keepAliveTimeoutMs}ms`,
    LOGURO_NGINX_CONNECT_TIMEOUT: `${upstream.connectTimeoutMs}ms`,
    LOGURO_NGINX_RESPONSE_TIMEOUT: `${upstream.responseTimeoutMs}ms`,
  };
}

/** A server that refused is left alone for a second, as long as another is left. */
function servers(origins: readonly string[]): string {
  return origins.map((origin) => `server ${new URL(origin).host} max_fails=1 fail_timeout=1s;`).join(' ');
}

/** Replaces `${NAME}` by its value, as envsubst does. @throws Error for a name without a value */
export function substitute(template: string, variables: Readonly<Record<string, string>>): string {
  return template.replace(/^(?!\s*#).*$/gm, (line) =>
    line.replace(/\$\{(\w+)\}/g, (_match, name: string) => {
      const value = variables[name];
      if (value === undefined) throw new Error(`The template names ${name}, which has no value`);
      return value;
    }),
  );
}
