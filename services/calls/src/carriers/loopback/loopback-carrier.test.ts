import { encodeWav } from '@earshot/audio';
import { describe, expect, it } from '@jest/globals';
import type { IncomingCall } from '../../ports.ts';
import { createCallRecorder } from '../testing/call-recorder.ts';
import { bench, line } from './testing/loopback-bench.ts';

const ticks = (count: number, value = 1) =>
  Array.from({ length: count }, (_, index) => new Int16Array(320).fill(value + index));
const flat = (parts: readonly Int16Array[]) => parts.flatMap((part) => [...part]);

describe('a call placed to a loopback peer', () => {
  it('rings for the time of its address and is then answered', async () => {
    const { time, dial } = bench();
    const { handle } = await dial('loop:echo?ring=500ms');
    expect(handle.told).toEqual([]);
    time.pass(20);
    expect(handle.told).toEqual(['named loop', 'ringing']);
    time.pass(499);
    expect(handle.told).toEqual(['named loop', 'ringing']);
    time.pass(1);
    expect(handle.told).toEqual(['named loop', 'ringing', 'connected']);
  });

  it.each([
    ['loop:busy', ['named loop', 'ended busy']],
    ['loop:reject', ['named loop', 'ringing', 'ended peer_rejected']],
    ['loop:no-answer?after=2s', ['named loop', 'ringing', 'ended no_answer']],
    ['loop:no-answer', ['named loop', 'ringing']],
    ['loop:hangup?after=3s', ['named loop', 'connected', 'ended peer_hangup']],
    ['loop:gone?after=2s', ['named loop', 'connected', 'unlinked']],
    ['loop:gone?after=2s&back=1s', ['named loop', 'connected', 'unlinked', 'connected']],
    ['loop:echo?dtmf=1*', ['named loop', 'connected', 'dtmf 1', 'dtmf *']],
    ['+15550100', ['named loop', 'ringing', 'connected']],
  ])('to %s goes its way', async (to, told) => {
    const { time, dial } = bench();
    const { handle } = await dial(to);
    time.pass(10_000);
    expect(handle.told).toEqual(told);
  });

  it('ends the peer by hangup and by cancel, and hears nothing more', async () => {
    const { time, dial } = bench();
    const talking = await dial('loop:tone');
    const ringing = await dial('loop:no-answer?after=1s');
    time.pass(100);
    talking.handle.links[0]!.hangup();
    ringing.cancel();
    const before = talking.handle.samplesHeard;
    time.pass(2000);
    expect(before).toBeGreaterThan(0);
    expect(talking.handle.samplesHeard).toBe(before);
    expect(talking.handle.reason).toBeUndefined();
    expect(ringing.handle.told).toEqual(['named loop', 'ringing']);
    expect(talking.peer.figures.state).toBe('over');
    expect(time.timers).toBe(0);
  });

  it('is refused for an address that says nothing, before anything happens', async () => {
    const { time, dial, carrier } = bench();
    await expect(dial('sip:somebody')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(dial('loop:speak')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(dial('loop:speak?file=none')).rejects.toMatchObject({ code: 'invalid_request' });
    expect(time.timers).toBe(0);
    await carrier.close();
    await expect(dial('loop:echo')).rejects.toMatchObject({ code: 'shutting_down' });
  });
});

describe('what a loopback peer says', () => {
  it('is what it heard, to the sample, when it echoes', async () => {
    const { time, dial } = bench();
    const { handle, peer } = await dial('loop:echo');
    const heard: Int16Array[] = [];
    peer.observe({ heard: (samples) => heard.push(samples) });
    time.pass(20);
    const sent = ticks(100);
    for (const [index, tick] of sent.entries()) {
      handle.links[0]!.send(tick);
      if (index % 7 !== 3) time.pass(20);
    }
    time.pass(20);
    expect(flat(handle.heard)).toEqual(flat(sent));
    expect(flat(heard)).toEqual(flat(sent));
  });

  it('is a tone of the wanted pitch and level', async () => {
    const { time, dial } = bench();
    const { handle } = await dial('loop:tone?hz=500&level=-6');
    time.pass(1020);
    const samples = flat(handle.heard);
    expect(samples).toHaveLength(16_000);
    const rising = samples.filter((sample, index) => index > 0 && samples[index - 1]! < 0 && sample >= 0);
    expect(rising.length).toBeGreaterThanOrEqual(499);
    expect(rising.length).toBeLessThanOrEqual(500);
    expect(Math.max(...samples)).toBeCloseTo(32_767 / 10 ** (6 / 20), -2);
  });

  it('is a recorded sample at our rate, once, then silence', async () => {
    const speech = Int16Array.from({ length: 8000 }, (_, index) => Math.round(8000 * Math.sin(index / 5)));
    const reads: string[] = [];
    const { time, dial } = bench({
      samples: { story: '/samples/a.wav', tale: '/samples/b.wav' },
      readFile: (path) => {
        reads.push(path);
        return Promise.resolve(encodeWav(speech, 8000));
      },
    });
    const { handle } = await dial('loop:speak');
    await dial('loop:speak?file=story');
    time.pass(2020);
    const samples = flat(handle.heard);
    expect(reads).toEqual(['/samples/a.wav']);
    expect(samples).toHaveLength(32_000);
    expect(samples[2000]).toBeCloseTo(speech[1000]!, -2);
    expect(samples.slice(0, 16_000).some((sample) => Math.abs(sample) > 7000)).toBe(true);
    expect(samples.slice(16_000).every((sample) => sample === 0)).toBe(true);
  });

  it('asks for a sample again when reading it failed, and says nothing of the path', async () => {
    let reads = 0;
    const { dial } = bench({
      samples: { sample: '/samples/a.wav' },
      readFile: () => {
        reads += 1;
        return reads === 1
          ? Promise.reject(new Error('ENOENT /samples/a.wav'))
          : Promise.resolve(encodeWav(new Int16Array(10), 16_000));
      },
    });
    await expect(dial('loop:speak')).rejects.toMatchObject({
      code: 'carrier_failed',
      message: 'The sample cannot be read.',
    });
    await expect(dial('loop:speak')).resolves.toBeDefined();
  });

  it.each([
    ['loop:drift?ppm=500', 16_000 * 60 * 1.0005],
    ['loop:drift?ppm=-500', 16_000 * 60 * 0.9995],
  ])('comes faster or slower by a drifting clock: %s', async (to, samples) => {
    const { time, dial } = bench();
    const { handle } = await dial(to);
    time.pass(60_020, 20);
    expect(Math.abs(handle.samplesHeard - samples)).toBeLessThanOrEqual(1);
  });

  it('drifts as an echo too', async () => {
    const { time, dial } = bench();
    const { handle } = await dial('loop:echo?drift=1000');
    time.pass(20);
    for (let tick = 0; tick < 500; tick++) {
      handle.links[0]!.send(new Int16Array(320).fill(5));
      time.pass(20, 20);
    }
    expect(handle.samplesHeard).toBe(160_160);
    expect(flat(handle.heard).every((sample) => sample === 5)).toBe(true);
  });

  it('comes in bursts from a slow peer, and all of it', async () => {
    const { time, dial } = bench();
    const times: number[] = [];
    const { handle } = await dial('loop:tone?slow=200ms', { audio: () => times.push(time.now()) });
    time.pass(2020);
    expect(handle.samplesHeard).toBe(32_000);
    expect(new Set(times).size).toBe(10);
  });

  it('is when it spoke and when it heard stamped audio, from a peer that stamps', async () => {
    const { time, dial } = bench();
    const { handle } = await dial('loop:stamp');
    time.pass(20);
    const timeAt = (tick: Int16Array, at: number): number =>
      [2, 1, 0].reduce((sum, part) => sum * 65_536 + (tick[at + part]! & 0xffff), 0) / 1000;
    time.pass(20);
    time.pass(7);
    const stamped = new Int16Array(320);
    stamped.set(handle.heard[0]!.subarray(0, 6));
    handle.links[0]!.send(stamped);
    handle.links[0]!.send(new Int16Array(320));
    time.pass(33);
    const [first, second, third] = handle.heard;
    expect([timeAt(first!, 2), first![5]]).toEqual([1040.5, 0]);
    expect([timeAt(second!, 2), second![5], timeAt(second!, 6), timeAt(second!, 9)]).toEqual([
      1060.5, 1, 1040.5, 1047.5,
    ]);
    expect(third![5]).toBe(0);
  });

  it('is lost in part, evenly and told, on a bad network', async () => {
    const { time, dial } = bench();
    const { handle, peer } = await dial('loop:silent?loss=10');
    time.pass(4020);
    expect(handle.samplesHeard + handle.lostSamples).toBe(64_000);
    expect(handle.lostSamples).toBe(6400);
    expect(peer.figures).toMatchObject({ samplesSpoken: 57_600, samplesLost: 6400 });
  });

  it('stops when it stalls or is gone, though the call is not over', async () => {
    const { time, dial } = bench();
    const stalled = await dial('loop:tone?stall=1s');
    const gone = await dial('loop:tone?gone=1s');
    time.pass(5000);
    for (const { handle } of [stalled, gone]) {
      expect(handle.samplesHeard).toBe(49 * 320);
      expect(handle.reason).toBeUndefined();
    }
  });

  it('does not reach the peer by a link that was replaced', async () => {
    const { time, dial } = bench();
    const { handle, peer } = await dial('loop:gone?after=100ms&back=100ms');
    time.pass(400);
    const [old, current] = handle.links;
    old!.send(new Int16Array(320));
    expect(peer.figures.sends).toBe(0);
    current!.send(new Int16Array(320));
    expect(peer.figures.sends).toBe(1);
  });
});

describe('what a loopback peer hears', () => {
  const serve = async (gaps: (tick: number) => number) => {
    const { time, dial } = bench();
    const { handle, peer } = await dial('loop:silent');
    time.pass(20);
    for (let tick = 0; tick < 1000; tick++) {
      time.pass(20);
      for (let sends = gaps(tick); sends > 0; sends--) handle.links[0]!.send(new Int16Array(320));
    }
    return peer.figures;
  };

  it('has no underrun when each tick brings its audio', async () => {
    expect(await serve(() => 1)).toMatchObject({
      sends: 1000,
      samplesHeard: 320_000,
      underruns: 0,
      longestGapMs: 20,
    });
  });

  it('has none when a tick is late by one, and one for each that never comes', async () => {
    const late = await serve((tick) => (tick === 500 ? 0 : tick === 501 ? 2 : 1));
    expect(late).toMatchObject({ sends: 1000, underruns: 0, longestGapMs: 40 });
    const missing = await serve((tick) => (tick >= 500 && tick < 510 ? 0 : 1));
    expect(missing).toMatchObject({ sends: 990, underruns: 9, longestGapMs: 220 });
  });

  it('counts every tick as an underrun when nothing ever comes', async () => {
    const { ticksDue, underruns } = await serve(() => 0);
    expect(ticksDue).toBe(990);
    expect(underruns).toBe(990);
  });

  it('misses what comes while it stands still with its sender, and the next time too', async () => {
    const { time, dial, carrier } = bench();
    const { handle, peer } = await dial('loop:silent');
    const serveTicks = (count: number, stepMs = 20) => {
      for (let tick = 0; tick < count; tick++) {
        time.pass(stepMs, stepMs);
        for (let sends = stepMs / 20; sends > 0; sends--) handle.links[0]!.send(new Int16Array(320));
      }
    };
    time.pass(20);
    serveTicks(100);
    expect(peer.figures.underruns).toBe(0);
    serveTicks(1, 200);
    expect(peer.figures.underruns).toBe(8);
    serveTicks(100);
    expect(peer.figures.underruns).toBe(8);
    serveTicks(1, 200);
    const { ticksDue, underruns } = peer.figures;
    expect(underruns).toBeGreaterThanOrEqual(8 + 6);
    expect(carrier.served).toEqual({ ticksDue, underruns });
    handle.links[0]!.hangup();
    time.pass(20);
    expect(carrier.served).toEqual({ ticksDue, underruns });
  });

  it('keeps little more than its buffer, and counts what it throws away', async () => {
    const { overflowSamples } = await serve((tick) => (tick === 500 ? 100 : 1));
    expect(overflowSamples).toBeGreaterThan(30_000);
  });

  it('has what it buffered dropped by clear, of which the echo says nothing', async () => {
    const { time, dial } = bench();
    const { handle } = await dial('loop:echo');
    time.pass(20);
    handle.links[0]!.send(new Int16Array(320).fill(1));
    handle.links[0]!.clear();
    handle.links[0]!.send(new Int16Array(320).fill(2));
    time.pass(40);
    expect(flat(handle.heard)).toEqual(flat([new Int16Array(320).fill(2)]));
  });
});

describe('a call that comes in from a loopback peer', () => {
  const reception = (behaviour: string) => {
    const calls: IncomingCall[] = [];
    const handle = createCallRecorder('call_in');
    const parts = bench({
      takeIncoming: (call) => {
        calls.push(call);
        return Promise.resolve(handle);
      },
    });
    const come = () => parts.carrier.incoming(line, { peer: '+15550199', behaviour });
    return { ...parts, calls, handle, come };
  };

  it('rings until it is accepted, then talks', async () => {
    const { time, calls, handle, come } = reception('loop:tone');
    await expect(come()).resolves.toBe('call_in');
    expect(calls[0]).toMatchObject({ tenant: 'clinic', line, peer: '+15550199' });
    time.pass(30_000, 20);
    expect(handle.told).toEqual([]);
    calls[0]!.accept();
    time.pass(1000);
    expect(handle.told).toEqual(['connected']);
    expect(handle.samplesHeard).toBe(49 * 320);
  });

  it('is over when it is rejected, and when nobody accepts it in the time of its address', async () => {
    const rejected = reception('loop:tone');
    await rejected.come();
    rejected.calls[0]!.reject();
    rejected.calls[0]!.accept();
    rejected.time.pass(1000);
    expect(rejected.handle.told).toEqual([]);
    const missed = reception('loop:tone?ring=2s');
    await missed.come();
    missed.time.pass(3000);
    expect(missed.handle.told).toEqual(['ended no_answer']);
    expect([rejected.time.timers, missed.time.timers]).toEqual([0, 0]);
  });

  it('may be accepted while it is being taken', async () => {
    const handle = createCallRecorder('call_auto');
    const { carrier, time } = bench({
      takeIncoming: (call) => {
        call.accept();
        return Promise.resolve(handle);
      },
    });
    await carrier.incoming(line, { peer: 'a', behaviour: 'loop:echo' });
    time.pass(40);
    expect(handle.told).toEqual(['connected']);
  });

  it('is refused where nobody takes calls, and leaves nothing behind when it is not taken', async () => {
    const call = { peer: 'a', behaviour: 'loop:echo' };
    await expect(bench().carrier.incoming(line, call)).rejects.toMatchObject({
      code: 'feature_not_supported',
    });
    const full = bench({ takeIncoming: () => Promise.reject(new Error('full')) });
    await expect(full.carrier.incoming(line, call)).rejects.toThrow('full');
    expect(full.time.timers).toBe(0);
  });
});
