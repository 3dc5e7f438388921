// The obvious build, for comparison only: what one writes from the documentation of express, jsonwebtoken and
// BullMQ. A request is parsed by express.json, its key verified each time, and becomes one job.
import { Queue } from 'bullmq';
import express from 'express';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import { startOps } from './ops.js';

const { LOGURO_PORT, LOGURO_OPS_PORT, LOGURO_QUEUE_URL = '', BENCH_PUBLIC_KEY = '' } = process.env;

const queue = new Queue('obvious', {
  connection: new Redis(LOGURO_QUEUE_URL, { maxRetriesPerRequest: null }),
  defaultJobOptions: { removeOnComplete: true },
});
const app = express();
app.use(express.json({ limit: '10mb' }));
app.use((req, res, next) => {
  try {
    jwt.verify(req.get('authorization')?.slice('Bearer '.length) ?? '', BENCH_PUBLIC_KEY, { algorithms: ['ES256'] });
    next();
  } catch {
    res.status(401).json({ error: 'Unauthorized' });
  }
});
app.post('/datasets/:dataset', async (req, res) => {
  await queue.add('record', { dataset: req.params.dataset, records: [req.body] });
  res.status(202).json({ success: true, status: 'queued' });
});
app.post('/datasets/:dataset/batch', async (req, res) => {
  await queue.add('batch', { dataset: req.params.dataset, records: req.body });
  res.status(202).json({ success: true, status: 'queued', count: req.body.length });
});
app.listen(Number(LOGURO_PORT), '127.0.0.1', () => startOps(Number(LOGURO_OPS_PORT)));
process.once('SIGTERM', () => process.exit(0));
