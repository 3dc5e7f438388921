import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * The body of a request on its way to a service. It is a stream of its own, not the request itself,
 * because undici destroys the body it was given when the service answers early or breaks off, and
 * destroying the request would cut the client off before it has read the answer.
 */
export class RequestBody extends Readable {
  readonly #request: IncomingMessage;
  readonly #onFirstRead: () => void;
  #started = false;

  /** @param onFirstRead called when the service's side first asks for bytes: nothing was consumed before */
  constructor(request: IncomingMessage, onFirstRead: () => void) {
    super({ highWaterMark: 64 * 1024 });
    this.#request = request;
    this.#onFirstRead = onFirstRead;
    // undici detaches its own listener before it destroys the body; the error has been reported by then.
    this.on('error', () => {});
  }

  override _read(): void {
    if (!this.#started) {
      this.#started = true;
      this.#onFirstRead();
      this.#request.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose);
      if (this.#request.readableEnded) this.push(null);
    }
    this.#request.resume();
  }

  /** Stops taking bytes: the service has refused the request, and what follows would only fill its buffers. */
  hold(): void {
    this.#detach();
    this.#request.pause();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#detach();
    callback(error);
  }

  #detach(): void {
    this.#request.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#request.pause();
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };

  readonly #onClose = (): void => {
    if (!this.#request.complete) this.destroy(new Error('The client went away before its request was complete.'));
  };
}
