import type { ApiKeyRecord } from '@earshot/protocol';

/** Who makes a request. The tenant comes from the credential only, never from a body or a path. */
export interface Principal {
  readonly tenant: string;
  /** `key_…` of the API key behind the credential; null for tokens of an outside issuer. */
  readonly keyId: string | null;
  /** The key id, or the `sub` of an outside token. */
  readonly subject: string;
  /** `lin_…` of the one line that a number-scoped key is for; null for credentials of the whole tenant. */
  readonly line: string | null;
  /** True for keys made in test mode. */
  readonly test: boolean;
}

/** Who a key speaks for. */
export function principalFor(record: ApiKeyRecord): Principal {
  return {
    tenant: record.tenant,
    keyId: record.keyId,
    subject: record.keyId,
    line: record.lineId ?? null,
    test: record.mode === 'test',
  };
}
