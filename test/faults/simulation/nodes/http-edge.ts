import { EarshotError } from '@earshot/protocol';
import type { ConnectionHistory } from '../oracle/history.ts';
import { endingOf, RATE, standingOf } from './edge.ts';
import type { ServerProcess } from './server-process.ts';

/** One append over HTTP: PCM from an offset on, and whether the audio is complete with it. */
export interface HttpAppend {
  readonly offset: number;
  readonly pieces: readonly Int16Array[];
  readonly complete: boolean;
}

/** What the client reads in the answer; offsets in samples. */
export interface HttpAnswer {
  readonly status: 204 | 409;
  readonly offset: number;
}

/** Answers HEAD: everything below the offset is durable. */
export async function headOffset(
  process: ServerProcess,
  told: ConnectionHistory,
  ref: { tenant: string; sessionId: string },
): Promise<HttpAnswer> {
  const { durable } = standingOf(await process.host.standing(ref));
  told.durable = Math.max(told.durable, durable);
  return { status: 204, offset: durable };
}

/** Answers PATCH: all or a prefix of the pieces becomes durable, or nothing is taken and the right offset is told. */
export async function appendOverHttp(
  process: ServerProcess,
  told: ConnectionHistory,
  request: HttpAppend & { readonly ref: { tenant: string; sessionId: string } },
): Promise<HttpAnswer> {
  const connection = await process.host.open(request.ref, { transport: 'http' });
  connection.begin({ halt: ignore, progress: ignore, segment: ignore, warning: ignore, tick: ignore });
  const { received } = standingOf(connection.standing());
  told.epoch = connection.epoch;
  told.base = received;
  told.firstSample = received;
  if (received !== request.offset) {
    await connection.durable();
    await connection.finish(endingOf('client', 0));
    told.durable = Math.max(told.durable, received);
    return { status: 409, offset: received };
  }
  let frames = 0;
  try {
    for (const samples of request.pieces) {
      connection.write({ track: 'main', sampleRate: RATE, samples });
      told.taken += samples.length;
      frames += 1;
      await connection.room();
    }
  } catch (error) {
    await connection.finish(endingOf('error', frames));
    throw error;
  }
  const outcome = await connection.finish(endingOf(request.complete ? 'stop' : 'client', frames));
  if (!outcome.durable) throw new EarshotError('service_unavailable');
  told.durable = Math.max(told.durable, received + told.taken);
  return { status: 204, offset: received + told.taken };
}

const ignore = (): void => undefined;
