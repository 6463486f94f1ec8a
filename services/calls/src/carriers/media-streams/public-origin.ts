import type { StreamSettings } from './stream-settings.ts';

/**
 * The settings, with the public origin put in where a signature needs one and none is configured. Throws an Error that
 * names the carrier when there is none at all.
 */
export function withPublicOrigin(
  settings: Readonly<Record<string, StreamSettings>>,
  origin: string | undefined,
): ReadonlyMap<string, StreamSettings> {
  const asSocket = origin?.replace(/^http/, 'ws');
  return new Map(
    Object.entries(settings).map(([name, one]) => {
      const { auth } = one;
      const isSigned = auth.kind === 'twilio' || auth.kind === 'plivo' || auth.kind === 'vobiz';
      if (!isSigned || auth.publicUrl !== undefined) return [name, one];
      if (asSocket === undefined) {
        throw new Error(`Carrier ${name} checks signatures, which needs a publicUrl or a public origin.`);
      }
      return [name, { ...one, auth: { ...auth, publicUrl: asSocket } }];
    }),
  );
}
