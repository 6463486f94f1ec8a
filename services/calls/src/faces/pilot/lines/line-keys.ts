import type { ApiKeyRecord, LineRecord } from '@earshot/protocol';
import type { PilotDeps } from '../deps.ts';

/** Each line has one default key: it can be made anew, and nothing else. */
export interface LineKeys {
  /** Makes the line's key and revokes those before it. The key itself is in this answer and nowhere else. */
  renew(line: LineRecord): Promise<{ readonly key: string; readonly record: ApiKeyRecord }>;
  /** The key in force of each line of a tenant, by line id. */
  list(tenant: string): Promise<ReadonlyMap<string, ApiKeyRecord>>;
  revoke(line: LineRecord): Promise<void>;
}

export function createLineKeys(keyring: PilotDeps['keyring']): LineKeys {
  /** Oldest first. */
  async function inForce(tenant: string): Promise<ApiKeyRecord[]> {
    const keys = await keyring.list();
    return keys
      .filter((key) => key.tenant === tenant && key.lineId !== undefined && key.revokedAt === null)
      .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt) || a.keyId.localeCompare(b.keyId));
  }

  async function revokeAll(line: LineRecord, except: string | null): Promise<void> {
    for (const { lineId, keyId } of await inForce(line.tenant)) {
      if (lineId === line.lineId && keyId !== except) await keyring.revoke(keyId);
    }
  }

  return {
    async renew({ tenant, lineId, ...line }) {
      const made = await keyring.create({ tenant, lineId, name: `default key of ${lineId}` });
      await revokeAll({ tenant, lineId, ...line }, made.record.keyId);
      return made;
    },
    async list(tenant) {
      return new Map(
        (await inForce(tenant)).flatMap((key) => (key.lineId === undefined ? [] : [[key.lineId, key]])),
      );
    },
    revoke: (line) => revokeAll(line, null),
  };
}
