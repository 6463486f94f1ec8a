import type { Connection, ConnectionListener, IntakeHost } from '@earshot/intake';
import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { Recorder, type RecorderOptions } from './recorder.ts';

const ref = { tenant: 'clinic', sessionId: 'ses_0123456789abcdef' };

/** An intake whose faults a real one cannot show on demand. */
class FakeIntake implements Pick<IntakeHost, 'open'> {
  readonly written = { inbound: [] as number[], outbound: [] as number[] };
  finished = 0;
  listener: ConnectionListener | undefined;
  #failures: Error[];
  readonly #gate: Promise<unknown>;

  constructor(failures: Error[] = [], gate: Promise<unknown> = Promise.resolve()) {
    this.#failures = failures;
    this.#gate = gate;
  }

  async open(): Promise<Connection> {
    await this.#gate;
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    const connection: Pick<Connection, 'begin' | 'write' | 'room' | 'finish'> = {
      begin: (listener) => {
        this.listener = listener;
      },
      write: ({ track, samples }) => {
        if (track === 'inbound' || track === 'outbound') this.written[track].push(...samples);
      },
      room: () => undefined,
      finish: () => {
        this.finished += 1;
        return Promise.resolve({ durable: true, segments: 0, gaps: [] });
      },
    };
    return connection as Connection;
  }
}

function startRecorder(intake: FakeIntake, options: Partial<RecorderOptions> = {}) {
  const problems: string[] = [];
  const recorder = new Recorder({
    intake,
    ref,
    create: () => Promise.resolve(),
    callId: 'call_1',
    onProblem: (reason) => problems.push(reason),
    retryMs: 5,
    ...options,
  });
  const write = (ticks: number): void => {
    for (let tick = 0; tick < ticks; tick += 1) {
      recorder.write(new Int16Array(320).fill(tick + 1), new Int16Array(320).fill(-tick - 1));
    }
  };
  return { recorder, problems, write };
}

const unavailable = (): Error => new EarshotError('service_unavailable');

describe('the recorder of a call', () => {
  it('loses nothing when the session cannot be created or opened for a moment', async () => {
    const intake = new FakeIntake([unavailable(), new Error('ECONNRESET')]);
    const failures = [unavailable()];
    const create = (): Promise<void> => {
      const failure = failures.shift();
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    };
    const { recorder, problems, write } = startRecorder(intake, { create });
    write(12);
    await recorder.finish();
    expect(problems).toEqual([]);
    expect(intake.written.inbound).toHaveLength(12 * 320);
    expect(intake.written.outbound.at(-1)).toBe(-12);
    expect(intake.finished).toBe(1);
  });

  it('gives up at once on a session that is refused for good, and says so once', async () => {
    const intake = new FakeIntake([new EarshotError('session_ended'), unavailable()]);
    const { recorder, problems, write } = startRecorder(intake);
    write(5);
    await recorder.finish();
    expect(problems).toEqual(['the session of the call could not be opened']);
    expect(intake.finished).toBe(0);
  });

  it('lets go of a connection that opens after the audio was given up', async () => {
    const gate: { open: () => void } = { open: () => undefined };
    const intake = new FakeIntake(
      [],
      new Promise<void>((resolve) => {
        gate.open = resolve;
      }),
    );
    const { recorder, problems, write } = startRecorder(intake);
    write(31 * 50);
    expect(problems).toEqual(['the disk or the object store is too far behind']);
    gate.open();
    await recorder.finish();
    expect(intake.finished).toBe(1);
    expect(intake.written.inbound).toEqual([]);
  });

  it('says so when somebody else ends the session while the call goes on', async () => {
    const intake = new FakeIntake();
    const { recorder, problems, write } = startRecorder(intake);
    await new Promise((resolve) => setTimeout(resolve, 5));
    intake.listener?.halt('end', 0);
    write(5);
    await recorder.finish();
    expect(problems).toEqual(['the recording was stopped: end']);
    expect(intake.finished).toBe(1);
  });
});
