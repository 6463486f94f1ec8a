import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { createMemoryKeyStore } from '../../testing/memory-key-store.ts';
import { createKeyring } from './keyring.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

function setup(cacheMs?: number) {
  const store = createMemoryKeyStore();
  const time = { now: START };
  const options = { store, clock: () => time.now, ...(cacheMs === undefined ? {} : { cacheMs }) };
  return { store, time, keyring: createKeyring(options), another: createKeyring(options) };
}

describe('the keyring', () => {
  it('makes keys that verify, and stores nothing of them but a hash', async () => {
    const { keyring, store } = setup();
    const { key, record } = await keyring.create({ tenant: 'clinic', name: 'ward', mode: 'test' });
    expect(key).toMatch(/^sk_test_/);
    expect(record).toMatchObject({
      tenant: 'clinic',
      name: 'ward',
      mode: 'test',
      last4: key.slice(-4),
      revokedAt: null,
    });
    expect(record.createdAt).toBe('2026-01-01T00:00:00.000Z');
    expect((await keyring.verify(key))?.record).toEqual(record);
    expect(JSON.stringify([...store.records])).not.toContain(key.slice(8, 40));
    expect(await keyring.list()).toEqual([record]);
  });

  it('knows no other keys', async () => {
    const { keyring, store } = setup();
    const { key } = await keyring.create({ tenant: 'clinic', name: 'ward' });
    const changed = `${key.slice(0, 20)}${key[20] === 'a' ? 'b' : 'a'}${key.slice(21)}`;
    expect(await keyring.verify('sk_live_unknown-but-long-enough')).toBeNull();
    const reads = store.reads;
    expect(await keyring.verify(changed)).toBeNull();
    expect(store.reads).toBe(reads);
  });

  it('asks the store once for a key used at the same time, and again only when the answer is old', async () => {
    const { keyring, store, time } = setup();
    const { key } = await keyring.create({ tenant: 'clinic', name: 'ward' });
    await Promise.all([keyring.verify(key), keyring.verify(key), keyring.verify(key)]);
    expect(store.reads).toBe(1);
    time.now += LIMITS.keyCacheMs - 1;
    await keyring.verify(key);
    expect(store.reads).toBe(1);
    time.now += 1;
    await keyring.verify(key);
    expect(store.reads).toBe(2);
  });

  it('remembers unknown keys as shortly', async () => {
    const { keyring, store, time } = setup();
    const unknown = 'sk_live_unknown-but-long-enough';
    await keyring.verify(unknown);
    await keyring.verify(unknown);
    expect(store.reads).toBe(1);
    time.now += LIMITS.keyCacheMs;
    await keyring.verify(unknown);
    expect(store.reads).toBe(2);
  });

  it('never believes an answer longer than the limit, whatever it is told', async () => {
    const { keyring, store, time } = setup(3_600_000);
    const { key } = await keyring.create({ tenant: 'clinic', name: 'ward' });
    await keyring.verify(key);
    time.now += LIMITS.keyCacheMs;
    await keyring.verify(key);
    expect(store.reads).toBe(2);
  });

  it('revokes at once here, and elsewhere within the limit', async () => {
    const { keyring, another, time } = setup();
    const { key, record } = await keyring.create({ tenant: 'clinic', name: 'ward' });
    expect(await another.verify(key)).not.toBeNull();
    expect((await keyring.revoke(record.keyId))?.revokedAt).toBe('2026-01-01T00:00:00.000Z');
    expect(await keyring.verify(key)).toBeNull();
    time.now += LIMITS.keyCacheMs;
    expect(await another.verify(key)).toBeNull();
    expect(await keyring.revoke('key_unknown')).toBeNull();
  });

  it('says that keys cannot be checked while the store is away, and remembers nothing of it', async () => {
    const { keyring, store } = setup();
    const { key } = await keyring.create({ tenant: 'clinic', name: 'ward' });
    store.away = true;
    await expect(keyring.verify(key)).rejects.toMatchObject({ code: 'service_unavailable' });
    store.away = false;
    expect(await keyring.verify(key)).not.toBeNull();
  });

  it('recognises a key that was right before, however long ago', async () => {
    const { keyring, time } = setup();
    const { key, record } = await keyring.create({ tenant: 'clinic', name: 'ward' });
    expect(keyring.recognises(key)).toBe(false);
    await keyring.verify(key);
    time.now += 3_600_000;
    expect(keyring.recognises(key)).toBe(true);
    await keyring.revoke(record.keyId);
    await keyring.verify(key);
    expect(keyring.recognises(key)).toBe(false);
  });

  it('keeps a bounded number of answers', async () => {
    const { keyring, store } = setup();
    const { key } = await keyring.create({ tenant: 'clinic', name: 'ward' });
    await keyring.verify(key);
    for (let i = 0; i < 10_000; i++) await keyring.verify(`guess-number-${i}`);
    const reads = store.reads;
    await keyring.verify(key);
    expect(store.reads).toBe(reads + 1);
  });

  describe('imports', () => {
    const chosen = 'operators-own-key-1234';

    it('any text of 16 characters as it is, the same record each time', async () => {
      const { keyring, another, store } = setup();
      const first = await keyring.importKey(chosen, { tenant: 'default', name: 'bootstrap' });
      const again = await another.importKey(chosen, { tenant: 'default', name: 'bootstrap' });
      expect(again).toEqual(first);
      expect(store.records.size).toBe(1);
      expect((await keyring.verify(chosen))?.record.keyId).toBe(first.keyId);
    });

    it('under an id that follows from the key', async () => {
      const one = await setup().keyring.importKey(chosen, { tenant: 'default', name: 'a' });
      const two = await setup().keyring.importKey(chosen, { tenant: 'other', name: 'b' });
      const three = await setup().keyring.importKey(`${chosen}5`, { tenant: 'default', name: 'a' });
      expect(one.keyId).toMatch(/^key_[0-9a-z]{26}$/);
      expect(two.keyId).toBe(one.keyId);
      expect(three.keyId).not.toBe(one.keyId);
    });

    it('no key that is revoked back to life', async () => {
      const { keyring } = setup();
      const { keyId } = await keyring.importKey(chosen, { tenant: 'default', name: 'bootstrap' });
      await keyring.revoke(keyId);
      expect(
        (await keyring.importKey(chosen, { tenant: 'default', name: 'bootstrap' })).revokedAt,
      ).not.toBeNull();
      expect(await keyring.verify(chosen)).toBeNull();
    });

    it.each(['fifteen-letters', 'with a space in the middle', `sk_live_${'a'.repeat(49)}`])(
      'not %p',
      async (key) => {
        const { keyring } = setup();
        await expect(keyring.importKey(key, { tenant: 'default', name: 'a' })).rejects.toMatchObject({
          code: 'invalid_request',
        });
      },
    );
  });

  it.each(['', 'UPPER', 'a/b', '../x', 'a'.repeat(64)])('refuses the tenant %p', async (tenant) => {
    await expect(setup().keyring.create({ tenant, name: 'a' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
