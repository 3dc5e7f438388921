/** The lines of a UTF-8 stream, without their ends; empty ones are skipped. Leaving early cancels the stream. */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      // A character cut in two by the network is whole again only in the decoder.
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split('\n');
      rest = done ? '' : (lines.pop() as string);
      for (const line of lines) if (line.trim() !== '') yield line;
      if (done) return;
    }
  } finally {
    if (!ended) await reader.cancel().catch(() => undefined);
  }
}
