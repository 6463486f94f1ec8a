import {
  EarshotError,
  type EventFilter,
  LIMITS,
  type WebhookRecord,
  type WebhookStyle,
} from '@earshot/protocol';
import type { DeliveryLog } from '@earshot/runtime';
import type { SessionArchive } from '@earshot/storage';

/** Who asks, and in which style: a line's key sees the webhooks of its line alone. */
export interface WebhookOwner {
  readonly tenant: string;
  readonly line: string | null;
  readonly style: WebhookStyle;
}

interface NewWebhook {
  readonly url: string;
  readonly events: readonly EventFilter[];
  readonly name?: string | undefined;
  /** Made here when absent. */
  readonly secret?: string | undefined;
  /** Null: all lines, and sessions that belong to none. */
  readonly lineId: string | null;
}

/** What is given replaces what was there. */
interface WebhookChange {
  readonly url?: string | undefined;
  readonly events?: readonly EventFilter[] | undefined;
  readonly name?: string | undefined;
  readonly active?: boolean | undefined;
}

export interface RegistryDeps {
  readonly archive: Pick<
    SessionArchive,
    'listWebhooks' | 'readWebhook' | 'createWebhook' | 'writeWebhook' | 'removeWebhook'
  >;
  readonly deliveries: Pick<DeliveryLog, 'forget'>;
  /** Refuses URLs that must not be called, with `invalid_request`. */
  readonly checkUrl: (url: string) => Promise<unknown>;
  /** Origins of this server: a webhook that calls us could go round in circles. */
  readonly ownOrigins: readonly string[];
  readonly newId: (prefix: 'whk' | 'dlv') => string;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly now: () => Date;
}

const WEBHOOK_ID = /^whk_[0-9a-z]{26}$/;
const SECRET_BYTES = 32;
const HOUR_MS = 3_600_000;

/** The webhooks of both faces of calls, each face seeing its own; unknown and foreign ones are `webhook_not_found`. */
export interface WebhookRegistry {
  /** The record holds the secret, which is shown this once. */
  create(owner: WebhookOwner, webhook: NewWebhook): Promise<WebhookRecord & { readonly secret: string }>;
  list(owner: WebhookOwner): Promise<WebhookRecord[]>;
  get(owner: WebhookOwner, webhookId: string): Promise<WebhookRecord>;
  change(owner: WebhookOwner, webhookId: string, change: WebhookChange): Promise<WebhookRecord>;
  /** Makes a new secret; the old one signs too for LIMITS.previousSecretHours. */
  rotate(owner: WebhookOwner, webhookId: string): Promise<WebhookRecord & { readonly secret: string }>;
  remove(owner: WebhookOwner, webhookId: string): Promise<void>;
}

export function createWebhookRegistry(deps: RegistryDeps): WebhookRegistry {
  const { archive, now } = deps;

  async function get(owner: WebhookOwner, webhookId: string): Promise<WebhookRecord> {
    const record = WEBHOOK_ID.test(webhookId) ? await archive.readWebhook(owner.tenant, webhookId) : null;
    if (record === null || !isVisible(owner, record)) throw new EarshotError('webhook_not_found');
    return record;
  }

  async function checkUrl(url: string): Promise<void> {
    await deps.checkUrl(url);
    if (deps.ownOrigins.includes(new URL(url).origin)) {
      throw new EarshotError('invalid_request', {
        message: 'The URL is not allowed: it leads back to this server.',
      });
    }
  }

  return {
    get,
    async create(owner, webhook) {
      await checkUrl(webhook.url);
      if ((await archive.listWebhooks(owner.tenant)).length >= LIMITS.maxWebhooksPerTenant) {
        throw new EarshotError('invalid_request', {
          message: `A tenant has at most ${LIMITS.maxWebhooksPerTenant} webhooks.`,
        });
      }
      const record = newRecord(deps, owner, webhook);
      await archive.createWebhook(record);
      return record;
    },
    async list(owner) {
      const all = await archive.listWebhooks(owner.tenant);
      return all.filter((record) => isVisible(owner, record));
    },
    async change(owner, webhookId, { url, events, name, active }) {
      const record = await get(owner, webhookId);
      if (url !== undefined) await checkUrl(url);
      const changed: WebhookRecord = {
        ...record,
        ...(url === undefined ? {} : { url }),
        ...(events === undefined ? {} : { events: [...new Set(events)] }),
        ...(name === undefined ? {} : { name }),
        ...(active === undefined ? {} : { status: active ? 'active' : 'disabled' }),
        updatedAt: now().toISOString(),
      };
      await archive.writeWebhook(changed);
      return changed;
    },
    async rotate(owner, webhookId) {
      const record = await get(owner, webhookId);
      const until = new Date(now().getTime() + LIMITS.previousSecretHours * HOUR_MS).toISOString();
      const changed = {
        ...record,
        secret: newSecret(deps),
        ...(record.secret === null ? {} : { previousSecret: { secret: record.secret, until } }),
        updatedAt: now().toISOString(),
      };
      await archive.writeWebhook(changed);
      return changed;
    },
    async remove(owner, webhookId) {
      const { tenant } = await get(owner, webhookId);
      if (!(await archive.removeWebhook(tenant, webhookId))) throw new EarshotError('webhook_not_found');
      await deps.deliveries.forget({ tenant, webhookId });
    },
  };
}

function isVisible({ line, style }: WebhookOwner, record: WebhookRecord): boolean {
  const { style: itsStyle = 'medscribe', lineIds = [] } = record;
  return itsStyle === style && (line === null || (lineIds.length === 1 && lineIds[0] === line));
}

function newRecord(deps: RegistryDeps, owner: WebhookOwner, webhook: NewWebhook) {
  const { url, events, name, secret, lineId } = webhook;
  return {
    v: 1 as const,
    webhookId: deps.newId('whk'),
    tenant: owner.tenant,
    url,
    events: [...new Set(events)],
    secret: secret ?? newSecret(deps),
    status: 'active' as const,
    createdAt: deps.now().toISOString(),
    style: owner.style,
    ...(name === undefined ? {} : { name }),
    ...(lineId === null ? {} : { lineIds: [lineId] }),
  };
}

/** In the form of the Standard Webhooks specification. */
function newSecret({ randomBytes }: RegistryDeps): string {
  return `whsec_${Buffer.from(randomBytes(SECRET_BYTES)).toString('base64')}`;
}
