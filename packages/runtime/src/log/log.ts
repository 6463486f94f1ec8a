import { type DestinationStream, type LevelWithSilent, type Logger, pino, stdTimeFunctions } from 'pino';
import { maskError, maskText, redactFields } from './redaction.ts';

/** A pino logger whose lines pass the redaction. Call it as `log.info({ fields }, 'static message')`. */
export type Log = Logger;

export type LogLevel = LevelWithSilent;

export interface LogOptions {
  /** Name of the process, on each line. */
  readonly service: string;
  /** `silent` writes nothing at all; the default is `info`. */
  readonly level?: LogLevel;
  /** Where lines go; standard output when absent. */
  readonly destination?: DestinationStream;
}

/** Arguments of one log call with every text masked; pino would copy an error's message into the line unmasked. */
function maskArguments(args: readonly unknown[]): [fields: object, message: string, ...rest: unknown[]] {
  const [first, second, ...rest] = args;
  if (typeof first === 'string') return [{}, maskText(first), ...rest];
  const message = typeof second === 'string' ? maskText(second) : '';
  if (first instanceof Error) return [{ err: first }, message || 'error', ...rest];
  return [typeof first === 'object' && first !== null ? first : {}, message, ...rest];
}

/** Makes the fields that children bind pass the redaction too; pino has no hook for them. */
function redactChildren(log: Log): Log {
  const plainChild: unknown = Reflect.get(log, 'child');
  if (typeof plainChild !== 'function') throw new TypeError('the logger has no children');
  const value = function (this: Log, bindings: object, options?: object): unknown {
    return Reflect.apply(plainChild, this, [redactFields(bindings), options]);
  };
  Object.defineProperty(log, 'child', { value });
  return log;
}

/** A JSON logger, one line an event. Secrets and speech are hidden by field name and by pattern, whoever logs. */
export function createLog(options: LogOptions): Log {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: object) => redactFields(fields),
    },
    serializers: { err: (value: unknown) => (value instanceof Error ? maskError(value) : value) },
    hooks: {
      logMethod(this: Logger, args: readonly unknown[], method: (...values: never[]) => void): void {
        Reflect.apply(method, this, maskArguments(args));
      },
    },
  };
  return redactChildren(
    options.destination === undefined ? pino(settings) : pino(settings, options.destination),
  );
}
