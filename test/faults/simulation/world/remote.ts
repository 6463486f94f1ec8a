import { EarshotError } from '@earshot/protocol';
import type { Random } from '../../runner/random.ts';
import type { Life, Scheduler } from '../scheduler/scheduler.ts';

/** How a service at the other end of a network behaves at the moment. */
export interface RemoteWeather {
  /** Nobody answers: every call fails after its way there. */
  down: boolean;
  /** Of the calls, how many fail before they have any effect. */
  refusing: number;
  /** … and how many have their effect, and then fail. */
  losingAnswers: number;
  /** Typical time of a whole call, ms. */
  latencyMs: number;
}

export const fairWeather = (latencyMs: number): RemoteWeather => ({
  down: false,
  refusing: 0,
  losingAnswers: 0,
  latencyMs,
});

/** Of the answers, how many arrive at the moment of the effect. */
const AT_ONCE = 0.4;

/**
 * Calls of processes to a service that outlives them: a call on its way has its effect although its caller died, and
 * a caller that died hears no answer.
 */
export class Remote {
  readonly weather: RemoteWeather;
  readonly #name: string;
  readonly #scheduler: Scheduler;
  readonly #random: Random;

  constructor(name: string, scheduler: Scheduler, weather: RemoteWeather) {
    this.#name = name;
    this.#scheduler = scheduler;
    this.#random = scheduler.fork(name);
    this.weather = weather;
  }

  /** Runs `effect` at the service; what it throws is its answer. */
  call<T>(life: Life, what: string, effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const label = `${life.name} ${this.#name} ${what}`;
      this.#scheduler.after(this.#way(), label, () => this.#arrive({ life, label, effect, resolve, reject }));
    });
  }

  #arrive<T>(call: RemoteCall<T>): void {
    const { weather } = this;
    if (weather.down || this.#random.chance(weather.refusing)) {
      this.#answer(call, () => call.reject(unavailable()));
      return;
    }
    let answer: () => void;
    try {
      const result = call.effect();
      answer = () => call.resolve(result);
    } catch (error) {
      answer = () => call.reject(error);
    }
    const lost = this.#random.chance(weather.losingAnswers);
    this.#answer(call, lost ? () => call.reject(unavailable()) : answer);
  }

  #answer<T>({ life, label }: RemoteCall<T>, answer: () => void): void {
    // Often nothing can happen between an effect and its answer, and it costs nothing to say so.
    if (this.#random.chance(AT_ONCE)) {
      if (!life.dead) answer();
      return;
    }
    this.#scheduler.after(this.#way(), `${label} answered`, answer, life);
  }

  /** One way: mostly near half of the typical time, now and then ten times that. */
  #way(): number {
    const slow = this.#random.chance(0.02) ? 10 : 1;
    return this.weather.latencyMs * slow * (0.1 + 0.9 * this.#random.next());
  }
}

interface RemoteCall<T> {
  readonly life: Life;
  readonly label: string;
  readonly effect: () => T;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

function unavailable(): EarshotError {
  return new EarshotError('service_unavailable', { details: { retry_after_seconds: 1 } });
}
