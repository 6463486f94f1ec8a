import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../runner/random.ts';
import { Life, Scheduler } from '../scheduler/scheduler.ts';
import { Link } from './link.ts';
import { SimulatedStore } from './object-store.ts';

async function settle(scheduler: Scheduler, ms = 100_000): Promise<void> {
  await scheduler.run(() => false, scheduler.nowMs + ms);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the simulated object store', () => {
  it('lets exactly one of many writers create an object', async () => {
    const scheduler = new Scheduler(3);
    const store = new SimulatedStore(scheduler);
    const views = ['a', 'b', 'c'].map((name) => store.view(new Life(name)));
    const writes = Promise.all(views.map((view, at) => view.put('k', bytes(`${at}`), { createOnly: true })));
    await settle(scheduler);
    expect((await writes).sort()).toEqual(['created', 'exists', 'exists']);
    expect(store.replaced).toEqual([]);
  });

  it('knows what was written by a process that died before it could hear of it', async () => {
    const scheduler = new Scheduler(3);
    const store = new SimulatedStore(scheduler);
    const [dying, living] = [new Life('a'), new Life('b')];
    void store.view(dying).put('early', bytes('x'));
    void store.view(living).put('other', bytes('x'));
    scheduler.after(2000, 'later', () => undefined);
    await settle(scheduler, 5000);
    void store.view(dying).put('late', bytes('x'));
    dying.dead = true;
    dying.diedMs = scheduler.nowMs;
    await settle(scheduler, 5000);
    expect(['early', 'other', 'late'].map((key) => store.isLeftBehind(key))).toEqual([false, false, true]);
  });

  it('keeps what was written although its answer was lost, and nothing when it refuses', async () => {
    const scheduler = new Scheduler(3);
    const store = new SimulatedStore(scheduler);
    const view = store.view(new Life('a'));
    const outcome = async (write: Promise<unknown>): Promise<string> => {
      const settled = write.then(
        () => 'answered',
        () => 'failed',
      );
      await settle(scheduler);
      return await settled;
    };
    store.remote.weather.losingAnswers = 1;
    expect(await outcome(view.put('kept', bytes('x')))).toBe('failed');
    store.remote.weather.losingAnswers = 0;
    store.remote.weather.refusing = 1;
    expect(await outcome(view.put('refused', bytes('x')))).toBe('failed');
    store.remote.weather.refusing = 0;
    store.garbling = 1;
    expect(await outcome(view.put('garbled', bytes('x'), { sha256: '0'.repeat(64) }))).toBe('failed');
    expect([...store.objects.keys()]).toEqual(['kept']);
  });

  it('does what a process asked for that died meanwhile, and answers nobody', async () => {
    const scheduler = new Scheduler(3);
    const store = new SimulatedStore(scheduler);
    const life = new Life('a');
    let heard = false;
    void store
      .view(life)
      .put('k', bytes('x'))
      .then(() => {
        heard = true;
      });
    life.dead = true;
    await settle(scheduler);
    expect([store.objects.has('k'), heard]).toEqual([true, false]);
  });
});

describe('a simulated connection', () => {
  function connect(seed = 4): { link: Link; scheduler: Scheduler; server: string[]; client: string[] } {
    const scheduler = new Scheduler(4);
    const [server, client]: [string[], string[]] = [[], []];
    const link = new Link(scheduler, seededRandom(seed), {
      message: (message) => client.push(message.kind),
      gone: (code) => client.push(String(code)),
    });
    link.server = {
      life: new Life('a'),
      message: (message) => server.push(message.kind === 'audio' ? `${message.from}` : message.kind),
      gone: () => server.push('gone'),
    };
    return { link, scheduler, server, client };
  }
  const audio = (from: number) =>
    ({ kind: 'audio', track: 'main', from, samples: new Int16Array(1) }) as const;

  it('delivers in order, and what was sent before hanging up', async () => {
    const { link, scheduler, server } = connect();
    for (let from = 0; from < 20; from += 1) link.toServer(audio(from));
    link.toServer({ kind: 'stop' });
    link.closeByClient();
    await settle(scheduler);
    expect(server).toEqual([...Array.from({ length: 20 }, (_, from) => String(from)), 'stop', 'gone']);
  });

  it('delivers late frames of a half-open connection long after the client gave it up', async () => {
    const { link, scheduler, server, client } = connect();
    link.toServer(audio(0));
    link.halfOpen();
    link.toServer(audio(1));
    await settle(scheduler);
    expect(server).toEqual(['0', 'gone']);
    expect(client).toEqual(['1006']);
  });

  it('keeps the order of late frames, however often it is cut', async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const { link, scheduler, server } = connect(seed);
      for (let from = 0; from < 30; from += 1)
        scheduler.after(from, 'client frame', () => link.toServer(audio(from)));
      for (const atMs of [22, 27]) scheduler.after(atMs, 'fault cut', () => link.halfOpen());
      await settle(scheduler);
      const came = server.slice(0, -1).map(Number);
      expect(came.length).toBeGreaterThan(10);
      expect(came).toEqual(came.map((_, from) => from));
    }
  });

  it('tells a client of a killed process, and delivers nothing to the dead', async () => {
    const { link, scheduler, server, client } = connect();
    link.toServer(audio(0));
    link.serverDied(false);
    await settle(scheduler);
    expect([server, client]).toEqual([[], ['1006']]);
  });
});
