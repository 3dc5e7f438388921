import { SingleBar } from 'cli-progress';
import type { Host } from '../host.js';
import { formatBytes, formatCount, formatDuration } from '../output/numbers.js';
import type { Output } from '../output/output.js';
import type { Source } from '../records/source.js';

/** Shows how far an ingest is. */
export interface Progress {
  update(accepted: number, rejected: number): void;
  stop(): void;
}

/** The bar is drawn at most this often per second. */
const FPS = 5;

/** A bar on a terminal, with the rate and the time that is left; nothing elsewhere. */
export function showProgress(host: Host, out: Output, source: Source): Progress {
  if (!out.interactive) return { update: () => undefined, stop: () => undefined };
  const { totalBytes } = source;
  const startedAt = host.now();
  const bar = new SingleBar({
    stream: host.stderr as NodeJS.WriteStream,
    fps: FPS,
    hideCursor: true,
    clearOnComplete: true,
    format: (_options, _params, payload) => line(payload as Payload),
  });
  const payload = (accepted: number, rejected: number): Payload => ({
    accepted,
    rejected,
    bytes: source.bytesRead(),
    totalBytes,
    elapsedMs: host.now() - startedAt,
    width: host.stderr.columns ?? 80,
  });
  bar.start(totalBytes ?? 0, 0, payload(0, 0));
  return {
    update: (accepted, rejected) => bar.update(source.bytesRead(), payload(accepted, rejected)),
    stop: () => bar.stop(),
  };
}

interface Payload {
  accepted: number;
  rejected: number;
  bytes: number;
  totalBytes: number | undefined;
  elapsedMs: number;
  width: number;
}

const BAR = 24;

/** One line of progress; what is read ahead of the server is at most a few batches. */
export function line({ accepted, rejected, bytes, totalBytes, elapsedMs, width }: Payload): string {
  const rate = elapsedMs > 0 ? (accepted * 1000) / elapsedMs : 0;
  const parts = [
    `${formatCount(accepted)} records`,
    ...(rejected > 0 ? [`${formatCount(rejected)} rejected`] : []),
    `${formatCount(rate)}/s`,
  ];
  if (totalBytes === undefined || totalBytes === 0) {
    return [formatBytes(bytes), ...parts, formatDuration(elapsedMs)].join(' · ').slice(0, width - 1);
  }
  const share = Math.min(1, bytes / totalBytes);
  const left = share > 0 ? (elapsedMs * (1 - share)) / share : 0;
  const filled = Math.round(share * BAR);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${String(Math.floor(share * 100)).padStart(3)} %`;
  return [bar, ...parts, `${formatDuration(left)} left`].join(' · ').slice(0, width - 1);
}
