import { EarshotError } from '@earshot/protocol';
import { z } from 'zod';

/** What a loopback peer says. `echo` gives back what it hears. */
export type VoiceChoice =
  | { readonly kind: 'echo' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'tone'; readonly hz: number; readonly levelDb: number }
  /** Null is `sample`, or the first one that there is. */
  | { readonly kind: 'speak'; readonly file: string | null }
  /** Times instead of sounds, for measuring. */
  | { readonly kind: 'stamp' };

/** How a loopback peer behaves. Times count from when media first flowed, those of `ringMs` from the start; ms. */
export interface Behaviour {
  /** What follows the ringing. */
  readonly outcome: 'answer' | 'busy' | 'peer_rejected' | 'no_answer';
  /** Null rings until somebody else decides. */
  readonly ringMs: number | null;
  readonly voice: VoiceChoice;
  readonly hangupMs: number | null;
  /** The link breaks, and comes back after `backMs` more, if ever. */
  readonly goneMs: number | null;
  readonly backMs: number | null;
  /** From then on nothing comes although the link is there. */
  readonly stallMs: number | null;
  /** Audio is held back and comes in bursts of this length; 0 is as it is spoken. */
  readonly burstMs: number;
  /** Its sampling clock against true time, parts per million. */
  readonly driftPpm: number;
  /** Every so many-th frame is lost on its way to us; 0 loses none. */
  readonly lossPercent: number;
  /** Keys that it presses, one every 200 ms. */
  readonly dtmf: string;
  /** What it buffers before it plays. */
  readonly bufferMs: number;
}

const UNITS = { ms: 1, s: 1000, m: 60_000 } as const;
const MAX_MS = 43_200_000;

const duration = z
  .string()
  .regex(/^\d{1,8}(\.\d{1,3})?(ms|s|m)$/, 'a time such as 500ms, 1.5s or 2m')
  .transform((text) => {
    const unit = text.endsWith('ms') ? 'ms' : text.endsWith('s') ? 's' : 'm';
    return Number.parseFloat(text) * UNITS[unit];
  })
  .pipe(z.number().max(MAX_MS));
const number = (least: number, most: number) =>
  z
    .string()
    .regex(/^-?\d{1,6}(\.\d{1,3})?$/, 'a number')
    .transform(Number)
    .pipe(z.number().min(least).max(most));

const Modifiers = z.strictObject({
  ring: duration.optional(),
  hangup: duration.optional(),
  gone: duration.optional(),
  back: duration.optional(),
  stall: duration.optional(),
  slow: duration.optional(),
  buffer: duration.default(40),
  drift: number(-100_000, 100_000).default(0),
  loss: number(0, 50).default(0),
  dtmf: z
    .string()
    .regex(/^[0-9*#A-D]{1,32}$/, 'up to 32 keys')
    .default(''),
  hz: number(20, 7900).default(440),
  level: number(-90, 0).default(-20),
  file: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'the name of a sample')
    .optional(),
});
type Modifiers = z.infer<typeof Modifiers>;

interface Kind {
  readonly outcome?: Behaviour['outcome'];
  readonly voice?: VoiceChoice['kind'];
  /** Modifiers that this kind stands for. */
  readonly means?: Readonly<Record<string, string>>;
  /** Shorter names of modifiers. */
  readonly short?: Readonly<Record<string, string>>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  echo: {},
  silent: { voice: 'silent' },
  tone: { voice: 'tone' },
  speak: { voice: 'speak' },
  stamp: { voice: 'stamp' },
  slow: { means: { slow: '300ms' }, short: { by: 'slow' } },
  gone: { means: { gone: '2s' }, short: { after: 'gone' } },
  stall: { means: { stall: '2s' }, short: { after: 'stall' } },
  hangup: { means: { hangup: '3s' }, short: { after: 'hangup' } },
  ring: { means: { ring: '1s' }, short: { for: 'ring' } },
  drift: { voice: 'tone', means: { drift: '500' }, short: { ppm: 'drift' } },
  busy: { outcome: 'busy', means: { ring: '0ms' }, short: { after: 'ring' } },
  reject: { outcome: 'peer_rejected', means: { ring: '500ms' }, short: { after: 'ring' } },
  'no-answer': { outcome: 'no_answer', short: { after: 'ring' } },
};

const NUMBER = /^\+[1-9][0-9]{1,14}$/;
const NUMBER_MEANS = 'loop:echo?ring=200ms';
const ADDRESS = /^loop:([a-z-]{1,16})(?:\?(.{1,500}))?$/;

const refused = (message: string): EarshotError => new EarshotError('invalid_request', { message });

/**
 * Reads the address of a loopback peer: `loop:` kind, then `?` and modifiers joined by `&`; or an E.164 number, which
 * stands for `loop:echo?ring=200ms`. Kinds: `echo`, `silent`, `tone`, `speak`, `stamp`, and `slow`, `gone`, `stall`,
 * `hangup`, `ring`, `drift`, `busy`, `reject`, `no-answer`. Modifiers fit every kind: `ring hangup gone back stall slow buffer`
 * are times (`500ms`, `1.5s`, `2m`), `drift` ppm, `loss` percent, `dtmf` keys, `hz level` of the tone, `file` to
 * speak. In `gone stall hangup busy reject no-answer` the time may be called `after`. Throws `invalid_request`.
 */
export function parseLoopbackAddress(to: string): Behaviour {
  const [, name = '', query = ''] = ADDRESS.exec(NUMBER.test(to) ? NUMBER_MEANS : to) ?? [];
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind === undefined) {
    throw refused(
      `The loopback carrier reaches numbers such as +15550100 and loop:${Object.keys(KINDS).join(', ')}.`,
    );
  }
  const given = [...new URLSearchParams(query)].map(([key, value]) => [kind.short?.[key] ?? key, value]);
  const parsed = Modifiers.safeParse({ ...kind.means, ...Object.fromEntries(given) });
  if (parsed.success) return behaviourOf(kind, parsed.data);
  const [issue] = parsed.error.issues;
  throw refused(
    `The loopback address has a wrong ${String(issue?.path[0] ?? 'modifier')}: ${issue?.message}.`,
  );
}

function behaviourOf(kind: Kind, modifiers: Modifiers): Behaviour {
  const { hz, level: levelDb, file, ring, hangup, gone, back, stall, slow, drift, loss, dtmf } = modifiers;
  const voices = {
    echo: { kind: 'echo' },
    silent: { kind: 'silent' },
    tone: { kind: 'tone', hz, levelDb },
    speak: { kind: 'speak', file: file ?? null },
    stamp: { kind: 'stamp' },
  } as const satisfies Record<VoiceChoice['kind'], VoiceChoice>;
  return {
    outcome: kind.outcome ?? 'answer',
    ringMs: ring ?? (kind.outcome === 'no_answer' ? null : 0),
    voice: voices[kind.voice ?? 'echo'],
    hangupMs: hangup ?? null,
    goneMs: gone ?? null,
    backMs: back ?? null,
    stallMs: stall ?? null,
    burstMs: slow ?? 0,
    driftPpm: drift,
    lossPercent: loss,
    dtmf,
    bufferMs: modifiers.buffer,
  };
}
