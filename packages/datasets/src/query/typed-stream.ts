import { LoguroError } from '../errors.js';

/** The same bytes; what breaks off in the middle fails with a {@link LoguroError} instead of the platform's own error. */
export function withTypedErrors(
  source: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (cause) {
        const error = signal?.aborted
          ? new LoguroError('aborted', 'The answer was aborted by its caller', { cause })
          : new LoguroError('network_error', 'The answer broke off: what came until then is not all of it', { cause });
        controller.error(error);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
