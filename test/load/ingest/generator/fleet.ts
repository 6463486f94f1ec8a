import { type BenchProgram, startProgram } from '../servers/program.ts';
import type { StreamTarget } from '../servers/stream-target.ts';
import { Answer, type Command } from './commands.ts';
import type { WireName } from './wire.ts';

type Order = Command extends infer C
  ? C extends { group: string }
    ? Omit<C, 'group' | 'id'>
    : never
  : never;

/** Generator processes that work as one. */
export class Fleet {
  readonly #programs: readonly BenchProgram[];
  #groups = 0;

  private constructor(programs: readonly BenchProgram[]) {
    this.#programs = programs;
  }

  static async start(processes: number): Promise<Fleet> {
    const started = await Promise.all(Array.from({ length: processes }, () => startProgram('generator')));
    return new Fleet(started.map(({ program }) => program));
  }

  get processes(): number {
    return this.#programs.length;
  }

  get pids(): readonly number[] {
    return this.#programs.map(({ pid }) => pid);
  }

  /** Streams to a target that are fed together; none yet. */
  group(wire: WireName, target: StreamTarget): FleetGroup {
    this.#groups += 1;
    const name = `group-${this.#groups}`;
    const seats = this.#programs.flatMap((program, p) =>
      target.ports.map((port, t) => ({ program, port, name: `${name}-${p}-${t}` })),
    );
    return new FleetGroup(wire, target, seats);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
  }
}

interface Seat {
  readonly program: BenchProgram;
  readonly port: number;
  readonly name: string;
}

/** A group whose streams are spread over all generators and all processes of its target. */
export class FleetGroup {
  readonly target: StreamTarget;
  readonly #wire: WireName;
  readonly #seats: readonly Seat[];
  readonly #opened = new Map<Seat, number>();

  constructor(wire: WireName, target: StreamTarget, seats: readonly Seat[]) {
    this.#wire = wire;
    this.target = target;
    this.#seats = seats;
  }

  /** Adds streams and sends up to `feedSeconds` of audio into each as fast as it goes. */
  async open(count: number, feedSeconds: number): Promise<void> {
    const paths = await this.target.paths(count);
    await this.#each((seat, index) => ({
      type: 'open',
      wire: this.#wire,
      port: seat.port,
      paths: paths.filter((_, place) => place % this.#seats.length === index),
    }));
    await this.#each((seat) => ({ type: 'feed', seconds: feedSeconds, from: this.#opened.get(seat) ?? 0 }));
    for (const [index, seat] of this.#seats.entries()) {
      const added = paths.filter((_, place) => place % this.#seats.length === index).length;
      this.#opened.set(seat, (this.#opened.get(seat) ?? 0) + added);
    }
  }

  run(ms: number): Promise<Answer> {
    return this.#each(() => ({ type: 'run', ms }));
  }

  flood(ms: number): Promise<Answer> {
    return this.#each(() => ({ type: 'flood', ms }));
  }

  totals(): Promise<Answer> {
    return this.#each(() => ({ type: 'totals' }));
  }

  async close(): Promise<void> {
    await this.#each(() => ({ type: 'close' }));
  }

  /** All at the same time. */
  async #each(order: (seat: Seat, index: number) => Order): Promise<Answer> {
    const answers = await Promise.all(
      this.#seats.map(async (seat, index) => {
        const answer = Answer.parse(await seat.program.ask({ ...order(seat, index), group: seat.name }));
        if (answer.error !== undefined) throw new Error(answer.error);
        return answer;
      }),
    );
    return together(answers);
  }
}

function together(answers: readonly Answer[]): Answer {
  const sum = (of: (answer: Answer) => number): number =>
    answers.reduce((total, answer) => total + of(answer), 0);
  return {
    id: 0,
    cpuMs: sum(({ cpuMs }) => cpuMs),
    frames: sum(({ frames }) => frames),
    lateMs: answers.flatMap(({ lateMs }) => lateMs),
    latencies: answers.flatMap(({ latencies }) => latencies),
    streams: sum(({ streams }) => streams),
    open: sum(({ open }) => open),
    bytes: sum(({ bytes }) => bytes),
    unackedFrames: sum(({ unackedFrames }) => unackedFrames),
  };
}
