// Exits with 0 when the process of this container is ready.
const answer = await fetch(`http://127.0.0.1:${process.env.LOGURO_OPS_PORT}/readyz`).catch(() => undefined);
process.exit(answer?.status === 200 ? 0 : 1);
