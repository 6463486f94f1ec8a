import { EarshotError } from '@earshot/protocol';
import type { FastifyRequest } from 'fastify';

/** The refusal of a compressed body, as its size says nothing about what it unpacks to; undefined for others. */
export function refusedCoding(request: FastifyRequest): EarshotError | undefined {
  const coding = request.headers['content-encoding'];
  if (coding === undefined || coding.trim().toLowerCase() === 'identity') return undefined;
  return new EarshotError('unsupported_media_type', {
    message: 'Compressed request bodies are not accepted.',
  });
}
