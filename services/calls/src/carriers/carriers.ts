import { readdir } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { basename, extname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Parts } from '../parts.ts';
import type { Carrier, TakeIncoming } from '../ports.ts';
import { readSettingFile } from '../setting-file.ts';
import { type CarrierFile, parseCarrierFile, streamSettings } from './carrier-config.ts';
import { createLineFinder } from './line-finder.ts';
import { createLoopbackCarrier, type LoopbackCarrier } from './loopback/loopback-carrier.ts';
import { createMediaStreams } from './media-streams/media-streams.ts';
import { keepsSecrets } from './twilio/rest/config.ts';
import { createTwilioCarrier, type TwilioCarrier } from './twilio/twilio-carrier.ts';

const CLOSE_MS = 10_000;

/** Every carrier of this server, by the name that lines use. */
export interface Carriers {
  readonly byName: ReadonlyMap<string, Carrier>;
  readonly loopback: LoopbackCarrier | undefined;
  readonly twilio: readonly TwilioCarrier[];
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): Promise<void>;
}

/** Opens the carriers of the configuration, and loopback. Throws a sentence for a file that cannot be used. */
export async function openCarriers(parts: Parts, takeIncoming: TakeIncoming): Promise<Carriers> {
  const { config, log, archive, publicOrigin } = parts;
  const file = await carrierFile(config.EARSHOT_CARRIERS);
  const loopback = config.EARSHOT_LOOPBACK
    ? createLoopbackCarrier({ log, takeIncoming, samples: await samplesOf(config.EARSHOT_LOOPBACK_SAMPLES) })
    : undefined;
  if (loopback !== undefined) countServed(parts, loopback);
  const twilio = twilioCarriers(file, parts);
  const settings = streamSettings(file);
  const streams = createMediaStreams({
    settings,
    findLine: createLineFinder(archive, ({ carrier }) => settings[carrier] !== undefined),
    takeIncoming,
    claimers: twilio,
    ...(publicOrigin === undefined ? {} : { publicOrigin }),
    log,
  });
  const byName = new Map<string, Carrier>([...streams.carriers, ...twilio]);
  if (loopback !== undefined) byName.set('loopback', loopback);
  return {
    byName,
    loopback,
    twilio: [...twilio.values()],
    handleUpgrade: (request, socket, head) => streams.handleUpgrade(request, socket, head),
    async close() {
      await streams.close(CLOSE_MS);
      await Promise.all([...byName.values()].map((carrier) => carrier.close()));
    },
  };
}

/** Tells on /metrics how loopback peers are served, which is how calls are measured. */
function countServed({ metrics }: Parts, loopback: LoopbackCarrier): void {
  let told = loopback.served;
  metrics.onCollect(() => {
    const { served } = loopback;
    metrics.add('earshot_loopback_ticks_total', {}, served.ticksDue - told.ticksDue);
    metrics.add('earshot_loopback_underruns_total', {}, served.underruns - told.underruns);
    told = served;
  });
}

async function carrierFile(path: string | undefined): Promise<CarrierFile> {
  return path === undefined ? {} : parseCarrierFile(await readSettingFile('EARSHOT_CARRIERS', path));
}

function twilioCarriers(file: CarrierFile, { log, publicOrigin }: Parts): Map<string, TwilioCarrier> {
  const carriers = new Map<string, TwilioCarrier>();
  for (const [name, config] of Object.entries(file)) {
    if (config.kind !== 'twilio') continue;
    if (publicOrigin === undefined || !keepsSecrets(publicOrigin)) {
      throw new Error(
        `The carrier ${name} needs EARSHOT_CALLS_PUBLIC_ORIGIN with https: Twilio has to reach this server, and streams to it by wss alone.`,
      );
    }
    carriers.set(name, createTwilioCarrier(config, { name, publicUrl: publicOrigin, log }));
  }
  return carriers;
}

/** WAV files of a folder by their names without ending. */
async function samplesOf(folder: string | undefined): Promise<Record<string, string>> {
  if (folder === undefined) return {};
  const files = (await readdir(folder)).filter((name) => extname(name) === '.wav');
  return Object.fromEntries(files.map((name) => [basename(name, '.wav'), join(folder, name)]));
}
