import { randomUUID } from 'node:crypto';
import { EarshotError } from '@earshot/protocol';
import { keys } from '../keys.ts';
import type { ObjectStore } from './object-store.ts';

/** Writes one key twice with `createOnly`; throws unless the first write won and its bytes are still there. */
export async function probeCreateOnly(store: ObjectStore): Promise<void> {
  const key = keys.probe(randomUUID());
  const [first, second] = [Buffer.from('first'), Buffer.from('second')];
  try {
    const outcomes = [
      await store.put(key, first, { createOnly: true }),
      await store.put(key, second, { createOnly: true }),
    ];
    const kept = first.equals(await store.get(key));
    if (kept && outcomes.join() === 'created,exists') return;
  } finally {
    await store.remove([key]);
  }
  throw new EarshotError('service_unavailable', {
    message: 'The object store cannot be used: a second writer can replace what must be written once.',
    details: { reason: 'replaced' },
  });
}
