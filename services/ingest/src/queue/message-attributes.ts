import { INGEST_QUEUE } from '@loguro/types';

/** What spans about the queue have in common, in the words of OpenTelemetry's conventions for messaging. */
export function messageAttributes(operation: 'create' | 'send' | 'process') {
  return {
    'messaging.system': 'bullmq',
    'messaging.destination.name': INGEST_QUEUE,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
  };
}
