import { EarshotError, PROTOCOL_VERSION } from '@earshot/protocol';
import type { FastifyRequest } from 'fastify';

const SUPPORTED = [PROTOCOL_VERSION];

/** The refusal of an MSA-Version that we do not speak (MedScribe protocol, versioning); absent means the newest. */
export function refusedVersion(request: FastifyRequest): EarshotError | undefined {
  const asked = request.headers['msa-version'];
  if (asked === undefined || request.routeOptions.config.anyVersion === true) return undefined;
  if (typeof asked === 'string' && SUPPORTED.includes(asked.trim())) return undefined;
  return new EarshotError('unsupported_version', {
    details: { requested_version: String(asked).slice(0, 32), supported_versions: SUPPORTED },
  });
}
