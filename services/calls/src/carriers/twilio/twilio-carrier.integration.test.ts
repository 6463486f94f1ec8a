import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { LIMITS } from '@earshot/protocol';
import { createLog } from '@earshot/runtime';
import { freePort, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCallRecorder } from '../testing/call-recorder.ts';
import { TwilioConfig } from './rest/config.ts';
import { LINE, startTwilioBench } from './testing/twilio-bench.ts';
import { createTwilioCarrier } from './twilio-carrier.ts';

let bench: Awaited<ReturnType<typeof startTwilioBench>>;
beforeEach(async () => {
  bench = await startTwilioBench(await freePort());
});
afterEach(() => bench.stop());

const told = (handle: { told: string[] }, what: string) =>
  until(() => handle.told.includes(what), { timeoutMs: 5000 });
const sine = (hz: number, rate: number, seconds: number) =>
  Int16Array.from({ length: rate * seconds }, (_, index) =>
    Math.round(8000 * Math.sin((2 * Math.PI * hz * index) / rate)),
  );
/** Rising zero crossings a second, among the loud part. */
function pitchOf(samples: readonly number[], rate: number): number {
  const first = samples.findIndex((sample) => Math.abs(sample) > 4000);
  const loud = samples.slice(first, first + rate / 2);
  return 2 * loud.filter((sample, index) => index > 0 && loud[index - 1]! < 0 && sample >= 0).length;
}

describe('a call through Twilio', () => {
  it('is ordered by the REST API as Twilio documents it', async () => {
    await bench.dial('+15550123');
    const [order] = bench.standIn.requests;
    expect(order?.path).toBe(`/2010-04-01/Accounts/${bench.standIn.accountSid}/Calls.json`);
    const stream = `ws://127.0.0.1:${bench.port}/carriers/media-streams/lin_front`;
    expect([...order!.fields]).toEqual([
      ['To', '+15550123'],
      ['From', '+15550111'],
      [
        'Twiml',
        `<Response><Connect><Stream url="${stream}"><Parameter name="earshotCallId" value="call_1"/></Stream></Connect></Response>`,
      ],
      ['Timeout', '65'],
      ['StatusCallback', `${bench.publicUrl}/carriers/twilio/lin_front/status?call=call_1`],
      ['StatusCallbackMethod', 'POST'],
      ['StatusCallbackEvent', 'initiated'],
      ['StatusCallbackEvent', 'ringing'],
      ['StatusCallbackEvent', 'answered'],
      ['StatusCallbackEvent', 'completed'],
    ]);
  });

  it('rings, is answered by its own media stream, carries both voices, and ends with the peer', async () => {
    bench.standIn.script = { answer: 'answer', ringMs: 500 };
    const { handle, call } = await bench.dial();
    await told(handle, 'connected');
    expect(bench.streams.count).toBe(1);
    call.stream!.speak(sine(500, 8000, 1));
    call.stream!.press('5');
    const tone = sine(300, LIMITS.callSampleRate, 1);
    for (let at = 0; at < tone.length; at += 320) handle.links[0]!.send(tone.subarray(at, at + 320));
    await until(() => handle.samplesHeard > 16_000, { timeoutMs: 5000 });
    expect(
      pitchOf(
        handle.heard.flatMap((part) => [...part]),
        16_000,
      ),
    ).toBeCloseTo(500, -1);
    expect(pitchOf([...call.stream!.heard], 8000)).toBeCloseTo(300, -1);
    expect(call.stream!.violations).toEqual([]);
    call.hangUp();
    await told(handle, 'ended peer_hangup');
    expect(handle.told).toEqual([`named ${call.sid}`, 'ringing', 'connected', 'dtmf 5', 'ended peer_hangup']);
    await until(() => call.callbackAnswers.length === 4, { timeoutMs: 5000 });
    expect(call.callbackAnswers).toEqual([204, 204, 204, 204]);
  });

  it.each([
    ['busy', ['ended busy']],
    ['failed', ['ended failed']],
    ['no-answer', ['ringing', 'ended no_answer']],
  ] as const)('that comes to nothing (%s) ends for the reason that Twilio gives', async (answer, steps) => {
    bench.standIn.script = { answer, ringMs: 30 };
    const { handle, call } = await bench.dial();
    await until(() => handle.reason !== undefined, { timeoutMs: 5000 });
    expect(handle.told).toEqual([`named ${call.sid}`, ...steps]);
  });

  it('is hung up by us at the stream and at the API', async () => {
    const { handle, call } = await bench.dial();
    await told(handle, 'connected');
    handle.links[0]!.hangup();
    await until(() => call.status === 'completed' && bench.standIn.requests.length === 2, {
      timeoutMs: 5000,
    });
    const [, ending] = bench.standIn.requests;
    expect(ending?.path).toBe(`/2010-04-01/Accounts/${bench.standIn.accountSid}/Calls/${call.sid}.json`);
    expect([...ending!.fields]).toEqual([['Status', 'completed']]);
    expect(handle.reason).toBeUndefined();
  });

  it('is given up while it rings', async () => {
    bench.standIn.script = { answer: 'ignore', ringMs: 0 };
    const { handle, call, cancel } = await bench.dial();
    await told(handle, 'ringing');
    cancel();
    await until(() => call.status === 'canceled', { timeoutMs: 5000 });
    expect(handle.told).toEqual([`named ${call.sid}`, 'ringing']);
  });

  it('fails when its stream cannot reach us, and says why', async () => {
    bench.edge.isReachable = false;
    const { handle, call } = await bench.dial();
    await until(() => handle.reason !== undefined, { timeoutMs: 5000 });
    expect(call.stream?.refusedWith).toBe(404);
    expect(handle.told.slice(-2)).toEqual(['warning media_stream_missing', 'ended failed']);
  });

  it('is lost with its stream: unlinked first, then gone when Twilio says that it is over', async () => {
    const { handle, call } = await bench.dial();
    await told(handle, 'connected');
    call.stream!.cut();
    await until(() => handle.reason !== undefined, { timeoutMs: 5000 });
    expect(handle.told.slice(-2)).toEqual(['unlinked', 'ended peer_gone']);
  });

  it('ends with the others when the carrier closes', async () => {
    const { handle, call } = await bench.dial();
    await told(handle, 'connected');
    bench.standIn.script = { answer: 'ignore', ringMs: 0 };
    const ringing = await bench.dial();
    await bench.carrier.close();
    expect([call.status, ringing.call.status]).toEqual(['completed', 'canceled']);
    await expect(bench.dial()).rejects.toMatchObject({ code: 'shutting_down' });
  });
});

describe('a stream that Twilio opens', () => {
  const claim = (parameters: Record<string, string>, externalCallId: string | null, lineId = LINE.lineId) =>
    bench.carrier.claimStream({ lineId, externalCallId, parameters });

  it('belongs to the call whose id it brings, once, on its own line and with its own SID', async () => {
    bench.standIn.script = { answer: 'ignore', ringMs: 0 };
    const { handle, call } = await bench.dial();
    const parameters = { earshotCallId: handle.callId };
    expect(claim(parameters, 'CA999').kind).toBe('refuse');
    expect(claim(parameters, call.sid, 'lin_other').kind).toBe('refuse');
    expect(claim({ earshotCallId: 'call_99' }, call.sid).kind).toBe('refuse');
    expect(claim({}, call.sid).kind).toBe('unclaimed');
    expect(claim(parameters, call.sid).kind).toBe('attach');
    expect(claim(parameters, call.sid).kind).toBe('refuse');
  });

  it('is refused once the call is over', async () => {
    bench.standIn.script = { answer: 'ignore', ringMs: 0 };
    const { handle, call, cancel } = await bench.dial();
    cancel();
    expect(claim({ earshotCallId: handle.callId }, call.sid).kind).toBe('refuse');
  });
});

describe('a carrier that cannot place a call', () => {
  const attempt = (to = '+15550123', line = LINE) => {
    const handle = createCallRecorder('call_x');
    return bench.carrier.originate({ line, callId: 'call_x', to, handle });
  };

  it('refuses numbers that cannot be, without asking', async () => {
    await expect(attempt('loop:echo')).rejects.toMatchObject({ code: 'invalid_request' });
    expect(() => bench.carrier.check?.({ line: LINE, to: 'loop:echo' })).toThrow('E.164');
    await expect(attempt('15550123')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(attempt('+15550123', { ...LINE, number: null })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(bench.standIn.requests).toEqual([]);
  });

  it.each([
    [400, '{"code":21211,"message":"secret words","status":400}', 'invalid_request', 21_211],
    [400, '{"code":21210,"message":"secret words","status":400}', 'carrier_failed', 21_210],
    [401, '{"code":20003,"message":"secret words","status":401}', 'carrier_failed', 20_003],
    [429, '{"code":20429}', 'carrier_failed', 20_429],
    [500, 'secret words', 'carrier_failed', null],
    [503, '', 'carrier_failed', null],
  ])(
    'tells status and code of a %i, and no word of its body: %s',
    async (status, body, code, carrierCode) => {
      bench.standIn.faults.push({ kind: 'answer', status, body });
      const failure = attempt();
      await expect(failure).rejects.toMatchObject({ code, details: { status, carrier_code: carrierCode } });
      await expect(failure).rejects.not.toThrow(/secret words/);
      expect(bench.lines.join('')).not.toContain('secret words');
    },
  );

  it.each([['{"sid":7}'], ['not json'], [JSON.stringify({ sid: 'CA1', padding: 'x'.repeat(70_000) })]])(
    'does not take an answer that makes no sense or is too long',
    async (body) => {
      bench.standIn.faults.push({ kind: 'answer', status: 201, body });
      await expect(attempt()).rejects.toMatchObject({ code: 'carrier_failed' });
    },
  );

  it('ends a call that came about although its answer was lost', async () => {
    bench.standIn.script = { answer: 'ignore', ringMs: 0 };
    bench.standIn.faults.push({ kind: 'drop' });
    await expect(attempt()).rejects.toMatchObject({ code: 'carrier_failed' });
    await until(() => bench.standIn.calls[0]?.status === 'canceled', { timeoutMs: 5000 });
  });

  it('tries again to end a call when the API is away', async () => {
    bench.standIn.script = { answer: 'ignore', ringMs: 0 };
    const { handle, call, cancel } = await bench.dial();
    await told(handle, 'ringing');
    bench.standIn.faults.push({ kind: 'answer', status: 503, body: '' });
    cancel();
    await until(() => call.status === 'canceled', { timeoutMs: 5000 });
    expect(bench.standIn.requests.at(-1)?.path).toContain(call.sid);
  });

  it('follows no redirect with the credentials', async () => {
    let canary = 0;
    const target = createServer((_request, response) => {
      canary += 1;
      response.writeHead(201).end('{"sid":"CA1"}');
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const address = target.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const redirecting = createServer((_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end(),
    );
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
    const from = redirecting.address();
    const baseUrl = `http://127.0.0.1:${typeof from === 'object' ? from?.port : 0}`;
    const log = createLog({ service: 'test', level: 'silent' });
    const carrier = createTwilioCarrier(
      { ...bench.config, baseUrl },
      { name: 'other', publicUrl: bench.publicUrl, log },
    );
    const handle = createCallRecorder('call_r');
    await expect(
      carrier.originate({ line: LINE, callId: 'call_r', to: '+15550123', handle }),
    ).rejects.toMatchObject({
      code: 'carrier_failed',
    });
    expect(canary).toBe(0);
    await carrier.close();
    for (const server of [target, redirecting]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("never writes the account's secret to the log", async () => {
    bench.standIn.faults.push({ kind: 'answer', status: 401, body: '{"code":20003}' });
    await expect(attempt()).rejects.toBeDefined();
    const { handle } = await bench.dial();
    await told(handle, 'connected');
    const { accountSid, authToken } = bench.standIn;
    const basic = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
    expect(bench.lines.length).toBeGreaterThan(0);
    for (const secret of [authToken, basic]) expect(bench.lines.join('')).not.toContain(secret);
  });
});

describe('the status callback', () => {
  const path = '/carriers/twilio/lin_front/status?call=call_1';
  const post = (fields: Record<string, string>, headers: Record<string, string> = {}, target = path) =>
    fetch(bench.publicUrl + target, { method: 'POST', body: new URLSearchParams(fields), headers });
  const sign = (fields: Record<string, string>, target = path, token = bench.standIn.authToken) => {
    const signed = Object.keys(fields)
      .sort()
      .map((name) => `${name}${fields[name]}`)
      .join('');
    const signature = createHmac('sha1', token)
      .update(bench.publicUrl + target + signed)
      .digest('base64');
    return { 'x-twilio-signature': signature };
  };

  it('counts only with the signature of the account, over everything it says', async () => {
    bench.standIn.script = { answer: 'ignore', ringMs: 0 };
    const { handle, call } = await bench.dial();
    await told(handle, 'ringing');
    const fields = { CallSid: call.sid, CallStatus: 'completed' };
    const attempts = [
      await post(fields),
      await post(fields, { 'x-twilio-signature': 'x' }),
      await post(fields, sign(fields, path, 'another-token')),
      await post(fields, sign({ ...fields, CallStatus: 'busy' })),
      await post({ ...fields, Extra: '1' }, sign(fields)),
      await post(fields, sign(fields, path.replace('call_1', 'call_2'))),
    ];
    expect(attempts.map((answer) => answer.status)).toEqual([403, 403, 403, 403, 403, 403]);
    expect(handle.reason).toBeUndefined();
    expect((await post(fields, sign(fields))).status).toBe(204);
    expect(handle.reason).toBe('failed');
  });

  it('does nothing for another line, another SID, an unknown call or an unknown status', async () => {
    bench.standIn.script = { answer: 'ignore', ringMs: 0 };
    const { handle, call } = await bench.dial();
    await told(handle, 'ringing');
    const fields = { CallSid: call.sid, CallStatus: 'completed' };
    const others: [Record<string, string>, string][] = [
      [fields, path.replace('lin_front', 'lin_other')],
      [{ ...fields, CallSid: 'CA9' }, path],
      [fields, path.replace('call_1', 'call_9')],
      [fields, path.replace('?call=call_1', '')],
      [{ ...fields, CallStatus: 'exploded' }, path],
      [{}, path],
    ];
    for (const [given, target] of others) {
      expect((await post(given, sign(given, target), target)).status).toBe(204);
    }
    expect(handle.reason).toBeUndefined();
  });

  it('takes forms only, and none that is too long', async () => {
    const json = await fetch(bench.publicUrl + path, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(json.status).toBe(415);
    expect((await post({ CallSid: 'x'.repeat(20_000) })).status).toBe(413);
  });
});

describe('the settings of a Twilio carrier', () => {
  const settings = { kind: 'twilio', accountSid: `AC${'a'.repeat(32)}`, authToken: 'a-long-token' };

  it('reach Twilio unless they name another origin, of which the path does not count', () => {
    expect(TwilioConfig.parse(settings).baseUrl).toBe('https://api.twilio.com');
    const baseUrl = 'https://api.example:8443/somewhere';
    expect(TwilioConfig.parse({ ...settings, baseUrl }).baseUrl).toBe('https://api.example:8443');
  });

  it.each([
    [{ accountSid: 'AC1' }],
    [{ accountSid: `AC${'a'.repeat(32)}/../x` }],
    [{ authToken: 'token' }],
    [{ baseUrl: 'http://api.example' }],
    [{ baseUrl: 'ftp://127.0.0.1' }],
    [{ baseUrl: 'here' }],
    [{ region: 'ie1' }],
  ])('are refused with %p', (change) => {
    expect(TwilioConfig.safeParse({ ...settings, ...change }).success).toBe(false);
  });
});
