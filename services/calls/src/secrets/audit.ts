import { EarshotError, SecretAuditRecord } from '@earshot/protocol';
import { callKeys, type ObjectStore } from '@earshot/storage';

/** Writes the entry of one secret into the append-only audit of its tenant; resolves when it is durable. */
export async function writeAudit(store: Pick<ObjectStore, 'put'>, record: SecretAuditRecord): Promise<void> {
  const key = callKeys.audit(record.tenant, new Date(record.at), record.auditId);
  const body = new TextEncoder().encode(JSON.stringify(SecretAuditRecord.parse(record)));
  const outcome = await store.put(key, body, { createOnly: true, contentType: 'application/json' });
  if (outcome === 'exists') throw new EarshotError('internal_error');
}
