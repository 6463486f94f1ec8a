import { randomBytes } from 'node:crypto';
import type { Log } from '@earshot/runtime';
import {
  type Authenticator,
  createAuthenticator,
  createKeyring,
  createOidcVerifier,
  createTokenService,
  type Keyring,
  type TokenService,
} from '@earshot/runtime';
import type { SessionArchive } from '@earshot/storage';
import type { NodeSettings } from './settings.ts';

/** Who may call, and with what. */
export interface Access {
  readonly keyring: Keyring;
  readonly tokens: TokenService;
  readonly authenticator: Authenticator;
  readonly secret: Uint8Array;
}

/** API keys always, login tokens always, an outside issuer where one is configured. */
export function createAccess({
  config,
  archive,
  log,
}: {
  readonly config: NodeSettings;
  readonly archive: SessionArchive;
  readonly log: Log;
}): Access {
  if (config.EARSHOT_TOKEN_SECRET === undefined) {
    log.warn('EARSHOT_TOKEN_SECRET is not set: tokens from login end with this process');
  }
  const secret = config.EARSHOT_TOKEN_SECRET ? Buffer.from(config.EARSHOT_TOKEN_SECRET) : randomBytes(32);
  const keyring = createKeyring({ store: archive });
  const tokens = createTokenService({ secret, keyring });
  const { EARSHOT_OIDC_ISSUER: issuer, EARSHOT_OIDC_AUDIENCE: audience } = config;
  if (issuer === undefined || audience === undefined) {
    return { keyring, tokens, secret, authenticator: createAuthenticator({ keyring, tokens }) };
  }
  const oidc = createOidcVerifier({
    issuer,
    audience,
    ...(config.EARSHOT_OIDC_JWKS_URL === undefined ? {} : { jwksUrl: config.EARSHOT_OIDC_JWKS_URL }),
    ...(config.EARSHOT_OIDC_TENANT_CLAIM === undefined
      ? {}
      : { tenantClaim: config.EARSHOT_OIDC_TENANT_CLAIM }),
    ...(config.EARSHOT_OIDC_TENANT === undefined ? {} : { tenant: config.EARSHOT_OIDC_TENANT }),
  });
  return { keyring, tokens, secret, authenticator: createAuthenticator({ keyring, tokens, oidc }) };
}

/** Takes in the operator's first key; its id when there is one. */
export async function importBootstrapKey(
  config: NodeSettings,
  keyring: Keyring,
): Promise<string | undefined> {
  if (config.EARSHOT_BOOTSTRAP_KEY === undefined) return undefined;
  const record = await keyring.importKey(config.EARSHOT_BOOTSTRAP_KEY, {
    tenant: config.EARSHOT_BOOTSTRAP_TENANT,
    name: 'bootstrap',
  });
  return record.keyId;
}
