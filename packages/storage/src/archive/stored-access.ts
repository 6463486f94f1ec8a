import { ApiKeyRecord, StreamPointer, WebhookRecord } from '@earshot/protocol';
import { keys, parseKeyHash } from '../keys.ts';
import type { ObjectStore, WriteOutcome } from '../port/object-store.ts';
import { createDocuments, type Documents } from './document.ts';

/** An API key as listed: its record and the hash under which it is stored. */
export interface StoredKey {
  readonly sha256: string;
  readonly record: ApiKeyRecord;
}

/** Who may come in, and who is told. */
export interface StoredAccess {
  readKey(sha256: string): Promise<ApiKeyRecord | null>;
  createKey(sha256: string, record: ApiKeyRecord): Promise<WriteOutcome>;
  writeKey(sha256: string, record: ApiKeyRecord): Promise<void>;
  listKeys(): Promise<StoredKey[]>;
  readStreamPointer(sha256: string): Promise<StreamPointer | null>;
  createStreamPointer(sha256: string, pointer: StreamPointer): Promise<WriteOutcome>;
  removeStreamPointer(sha256: string): Promise<void>;
  listWebhooks(tenant: string): Promise<WebhookRecord[]>;
  readWebhook(tenant: string, webhookId: string): Promise<WebhookRecord | null>;
  createWebhook(record: WebhookRecord): Promise<WriteOutcome>;
  writeWebhook(record: WebhookRecord): Promise<void>;
  /** False when there was none. */
  removeWebhook(tenant: string, webhookId: string): Promise<boolean>;
}

export function createStoredAccess(store: ObjectStore): StoredAccess {
  const apiKeys = createDocuments(store, ApiKeyRecord);
  const pointers = createDocuments(store, StreamPointer);
  const webhooks = createDocuments(store, WebhookRecord);
  return {
    readKey: async (sha256) => apiKeys.read(keys.apiKey(sha256)),
    createKey: async (sha256, record) => apiKeys.create(keys.apiKey(sha256), record),
    writeKey: async (sha256, record) => apiKeys.write(keys.apiKey(sha256), record),
    listKeys: async () => listKeys(store, apiKeys),
    readStreamPointer: async (sha256) => pointers.read(keys.streamPointer(sha256)),
    createStreamPointer: async (sha256, pointer) => pointers.create(keys.streamPointer(sha256), pointer),
    removeStreamPointer: async (sha256) => store.remove([keys.streamPointer(sha256)]),
    listWebhooks: async (tenant) => listWebhooks(store, webhooks, tenant),
    readWebhook: async (tenant, webhookId) => webhooks.read(keys.webhook(tenant, webhookId)),
    createWebhook: async (record) => webhooks.create(keys.webhook(record.tenant, record.webhookId), record),
    writeWebhook: async (record) => webhooks.write(keys.webhook(record.tenant, record.webhookId), record),
    removeWebhook: async (tenant, webhookId) => {
      const key = keys.webhook(tenant, webhookId);
      if ((await store.head(key)) === null) return false;
      await store.remove([key]);
      return true;
    },
  };
}

async function listKeys(store: ObjectStore, apiKeys: Documents<ApiKeyRecord>): Promise<StoredKey[]> {
  const found: StoredKey[] = [];
  for await (const { key } of store.listAll(keys.apiKeys())) {
    const sha256 = parseKeyHash(key);
    const record = sha256 === null ? null : await apiKeys.read(key);
    if (sha256 !== null && record !== null) found.push({ sha256, record });
  }
  return found;
}

async function listWebhooks(
  store: ObjectStore,
  webhooks: Documents<WebhookRecord>,
  tenant: string,
): Promise<WebhookRecord[]> {
  const found: WebhookRecord[] = [];
  for await (const { key } of store.listAll(keys.webhooks(tenant))) {
    const record = await webhooks.read(key);
    if (record !== null) found.push(record);
  }
  return found;
}
